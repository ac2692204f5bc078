"""Small GGUF files of random Llama and Qwen2 models, written with the `gguf` package as llama.cpp's converter writes them, and the models
that they hold: quantized weights decoded by the package."""

import gguf
import numpy as np
import torch
import transformers

QUANTS = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q6_K"]
NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
         "post_attention_layernorm": "ffn_norm"}
SIZES = dict(vocab_size=199, hidden_size=256, intermediate_size=256, num_hidden_layers=1, num_attention_heads=8, num_key_value_heads=2,
             max_position_embeddings=140)


def ggufs_name(name):
    stem, kind = name.removeprefix("model.").rsplit(".", 1)
    if stem.startswith("layers."):
        _, number, rest = stem.split(".", 2)
        return f"blk.{number}.{NAMES[rest]}.{kind}"
    return {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}[stem] + "." + kind


def permuted(weight, heads):
    """Rows so that pairs of a rotation are neighbours, as llama.cpp's converter orders them."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def original(weight, heads):
    return weight.reshape(heads, weight.shape[0] // heads // 2, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def random_blocks(kind, shape, rng):
    """Random bits of blocks with scales of a size that keeps numbers tame; the package has no quantizer for K types."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (shape[0], shape[1] // elements, size)).astype(np.uint8)
    scales = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q4_K": [0, 2], "Q6_K": [208]}[kind.name]
    size = {"Q8_0": 1e-3, "Q6_K": 3e-5, "Q4_K": 1e-4}.get(kind.name, 4e-3)
    for at in scales:
        values = (rng.uniform(0.5, 1.5, blocks.shape[:2]) * size * rng.choice([-1, 1], blocks.shape[:2])).astype(np.float16)
        blocks[:, :, at:at + 2] = values[..., None].view(np.uint8)
    return blocks.reshape(shape[0], -1)


def make(path, architecture, kind, seed=0, frequencies=None, tied=False, like=None, keys=None, **changes):
    """Writes the file and returns the model with the numbers that it holds: random ones, or those of the model `like` in F32. `keys` are
    written beside those that every file has."""
    config_class = {"llama": transformers.LlamaConfig, "qwen2": transformers.Qwen2Config}[architecture]
    model_class = {"llama": transformers.LlamaForCausalLM, "qwen2": transformers.Qwen2ForCausalLM}[architecture]
    config = config_class(**{**SIZES, "tie_word_embeddings": tied, **changes})
    torch.manual_seed(seed)
    model, rng = model_class(config).eval(), np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    for key, value in (keys or {}).items():
        {str: writer.add_string, int: writer.add_uint32, float: writer.add_float32, list: writer.add_array}[type(value)](key, value)
    if frequencies is not None:
        writer.add_tensor("rope_freqs.weight", np.asarray(frequencies, np.float32))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            given = like and like.get_parameter(name).detach().numpy()
            add(writer, name, parameter, gguf.GGMLQuantizationType[kind], architecture, config, rng, given)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return model


def add(writer, name, parameter, kind, architecture, config, rng, given=None):
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(name.split(".")[-2])
    permutes = architecture == "llama" and heads
    if given is not None:
        value = given
        writer.add_tensor(ggufs_name(name), np.ascontiguousarray(permuted(value, heads) if permutes else value))
    elif parameter.dim() == 1:
        value = rng.normal(1 if "norm" in name else 0, 0.2, parameter.shape).astype(np.float32)
        writer.add_tensor(ggufs_name(name), permuted(value, heads) if permutes else value)
    elif kind.name in QUANTS:
        blocks = random_blocks(kind, parameter.shape, rng)
        writer.add_tensor(ggufs_name(name), blocks, raw_dtype=kind)
        value = gguf.dequantize(blocks, kind)
        value = original(value, heads) if permutes else value
    else:
        value = torch.tensor(rng.normal(0, 0.06, parameter.shape), dtype={"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[kind.name])
        bits = value.view(torch.int16).numpy().view(np.uint8) if kind.name == "BF16" else value.numpy()
        value = value.float().numpy()
        written = permuted(bits, heads) if permutes else bits
        writer.add_tensor(ggufs_name(name), np.ascontiguousarray(written), raw_dtype=kind)
    parameter.copy_(torch.tensor(np.ascontiguousarray(value)))
