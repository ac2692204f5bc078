#!/usr/bin/env python3
"""Writes a tiny model directory with random weights, whole or broken in one chosen way. Needs nothing but Python.

    tiny.py DIR [--family=bert|roberta|distilbert|electra|llama|qwen3|phi3|gemma2|gpt2] [--layers=N] [--prefix=bert.] [--legacy] [--dtype=F32|F16|BF16]
            [--set=KEY=JSON]... [--unset=KEY]... [--drop=TENSOR]... [--add=TENSOR:SHAPE]... [--shape=TENSOR:SHAPE]...
            [--shards=N] [--sentence=mean,normalize,dense,…]

Breaking files afterwards is left to the tests.
"""
import argparse
import json
import os
import random
import shutil
import struct

H, F, HEADS, VOCAB, POSITIONS = 8, 16, 2, 11, 20
SIZES = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8, "F64": 8}
BERT_LAYER = {"attention.self.query": (H, H), "attention.self.key": (H, H), "attention.self.value": (H, H),
              "attention.output.dense": (H, H), "attention.output.LayerNorm": (H,), "intermediate.dense": (F, H),
              "output.dense": (H, F), "output.LayerNorm": (H,)}
DISTIL_LAYER = {"attention.q_lin": (H, H), "attention.k_lin": (H, H), "attention.v_lin": (H, H), "attention.out_lin": (H, H),
                "sa_layer_norm": (H,), "ffn.lin1": (F, H), "ffn.lin2": (H, F), "output_layer_norm": (H,)}
BERT_CONFIG = {"hidden_size": H, "intermediate_size": F, "num_attention_heads": HEADS, "vocab_size": VOCAB,
               "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12}


LLAMA_LAYER = {"input_layernorm": (H,), "self_attn.q_proj": (H, H), "self_attn.k_proj": (H // 2, H), "self_attn.v_proj": (H // 2, H),
               "self_attn.o_proj": (H, H), "post_attention_layernorm": (H,), "mlp.gate_proj": (F, H), "mlp.up_proj": (F, H),
               "mlp.down_proj": (H, F)}
PHI3_LAYER = {"input_layernorm": (H,), "self_attn.qkv_proj": (2 * H, H), "self_attn.o_proj": (H, H), "post_attention_layernorm": (H,),
              "mlp.gate_up_proj": (2 * F, H), "mlp.down_proj": (H, F)}
GEMMA2_LAYER = {**LLAMA_LAYER, "pre_feedforward_layernorm": (H,), "post_feedforward_layernorm": (H,)}
GPT2_LAYER = {"ln_1": (H,), "attn.c_attn": (H, 3 * H), "attn.c_proj": (H, H), "ln_2": (H,), "mlp.c_fc": (H, F), "mlp.c_proj": (F, H)}
LLAMA_CONFIG = {"hidden_size": H, "intermediate_size": F, "num_attention_heads": HEADS, "num_key_value_heads": 1, "vocab_size": VOCAB,
                "max_position_embeddings": POSITIONS, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": False}
DECODERS = {"llama": LLAMA_LAYER, "mistral": LLAMA_LAYER, "qwen3": {**LLAMA_LAYER, "self_attn.q_norm": (H // HEADS,), "self_attn.k_norm": (H // HEADS,)},
            "phi3": PHI3_LAYER, "gemma2": GEMMA2_LAYER, "gpt2": GPT2_LAYER}


def decoder_tensors(family, layers):
    if family == "gpt2":
        modules = {f"h.{i}.{name}": shape for i in range(layers) for name, shape in GPT2_LAYER.items()} | {"ln_f": (H,)}
        biases = {name + ".bias": shape[-1:] for name, shape in modules.items()}
        weights = {name + ".weight": shape for name, shape in modules.items()}
        return {"wte.weight": (VOCAB, H), "wpe.weight": (POSITIONS, H)} | weights | biases
    modules = {f"model.layers.{i}.{name}": shape for i in range(layers) for name, shape in DECODERS[family].items()}
    modules |= {"model.embed_tokens": (VOCAB, H), "model.norm": (H,), "lm_head": (VOCAB, H)}
    return {name + ".weight": shape for name, shape in modules.items()}


def tensors_of(family, layers, embedding):
    """Names and shapes, as the family's checkpoints have them."""
    if family in DECODERS:
        return decoder_tensors(family, layers)
    result = {"embeddings.word_embeddings.weight": (VOCAB, embedding), "embeddings.position_embeddings.weight": (POSITIONS, embedding)}
    if family != "distilbert":
        result["embeddings.token_type_embeddings.weight"] = (2, embedding)
    modules = {"embeddings.LayerNorm": (embedding,)}
    if embedding != H:
        modules["embeddings_project"] = (H, embedding)
    for i in range(layers):
        if family == "distilbert":
            modules |= {f"transformer.layer.{i}.{name}": shape for name, shape in DISTIL_LAYER.items()}
        else:
            modules |= {f"encoder.layer.{i}.{name}": shape for name, shape in BERT_LAYER.items()}
    for name, shape in modules.items():
        result[name + ".weight"] = shape
        result[name + ".bias"] = shape[:1]
    return result


def config_of(family, layers, embedding):
    if family == "gpt2":
        return {"model_type": family, "n_embd": H, "n_inner": F, "n_head": HEADS, "n_layer": layers, "vocab_size": VOCAB, "n_positions": POSITIONS}
    if family in DECODERS:
        return {"model_type": family, "num_hidden_layers": layers, **LLAMA_CONFIG, **({"head_dim": H // HEADS} if family in ("qwen3", "gemma2") else {})}
    if family == "distilbert":
        return {"model_type": family, "dim": H, "hidden_dim": F, "n_heads": HEADS, "n_layers": layers, "vocab_size": VOCAB,
                "max_position_embeddings": POSITIONS, "activation": "gelu"}
    config = {"model_type": family, "num_hidden_layers": layers, **BERT_CONFIG}
    if family == "electra":
        config["embedding_size"] = embedding
    if family == "roberta":
        config["pad_token_id"] = 1
    return config


def count(shape):
    total = 1
    for size in shape:
        total *= size
    return total


def element(dtype, value):
    if dtype == "F32":
        return struct.pack("<f", value)
    if dtype == "F16":
        return struct.pack("<e", value)
    if dtype == "BF16":
        return struct.pack("<f", value)[2:]
    return struct.pack("<d" if dtype == "F64" else "<q", value if dtype == "F64" else int(value))


def write_safetensors(path, tensors, dtype):
    header, data = {}, b""
    for name, shape in tensors.items():
        random.seed(name)
        center = 1.0 if "norm.weight" in name.lower() or "gamma" in name else 0.0
        values = b"".join(element(dtype, random.gauss(center, 0.2)) for _ in range(count(shape)))
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def write_shards(folder, tensors, dtype, shards):
    names = list(tensors)
    weight_map = {}
    for i in range(shards):
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        part = {name: tensors[name] for name in names[i::shards]}
        weight_map |= {name: file for name in part}
        write_safetensors(os.path.join(folder, file), part, dtype)
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as file:
        json.dump({"metadata": {"total_size": 0}, "weight_map": weight_map}, file)


def write_json(folder, name, value):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w") as file:
        json.dump(value, file, indent=2)


def write_sentence(folder, kinds, dtype):
    """modules.json and the folders behind the transformer."""
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    for kind in kinds:
        number = len(modules)
        name = {"normalize": "Normalize", "dense": "Dense", "layernorm": "LayerNorm", "bow": "BoW"}.get(kind, "Pooling")
        path = f"{number}_{name}"
        modules.append({"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{name}"})
        place = os.path.join(folder, path)
        if name == "Pooling":
            flags = {"cls": "cls_token", "max": "max_tokens", "mean": "mean_tokens", "lasttoken": "lasttoken",
                     "sqrt": "mean_sqrt_len_tokens"}
            write_json(place, "config.json", {"word_embedding_dimension": H, **{
                f"pooling_mode_{flag}": mode in kind.split("+") for mode, flag in flags.items()}})
        if name == "Dense":
            write_json(place, "config.json", {"in_features": H, "out_features": 6, "bias": True,
                                              "activation_function": "torch.nn.modules.activation.Tanh"})
            write_safetensors(os.path.join(place, "model.safetensors"), {"linear.weight": (6, H), "linear.bias": (6,)}, dtype)
        if name == "LayerNorm":
            write_json(place, "config.json", {"dimension": H})
            write_safetensors(os.path.join(place, "model.safetensors"), {"norm.weight": (H,), "norm.bias": (H,)}, dtype)
    write_json(folder, "modules.json", modules)
    write_json(folder, "sentence_bert_config.json", {"max_seq_length": 12, "do_lower_case": False})


def split(text):
    name, shape = text.rsplit(":", 1)
    return name, tuple(int(size) for size in shape.split(",") if size)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--family", default="bert")
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--embedding", type=int, default=H)
    parser.add_argument("--prefix", default="")
    parser.add_argument("--legacy", action="store_true")
    parser.add_argument("--dtype", default="F32")
    parser.add_argument("--shards", type=int, default=0)
    parser.add_argument("--sentence", default="")
    for option in ("set", "unset", "drop", "add", "shape"):
        parser.add_argument(f"--{option}", action="append", default=[])
    args = parser.parse_args()

    config = config_of(args.family, args.layers, args.embedding)
    config |= {key: json.loads(value) for key, value in (pair.split("=", 1) for pair in args.set)}
    for key in args.unset:
        del config[key]
    tensors = tensors_of(args.family, args.layers, args.embedding)
    tensors |= dict(map(split, args.shape))
    for name in args.drop:
        del tensors[name]
    if args.legacy:
        tensors = {name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): shape
                   for name, shape in tensors.items()}
    tensors = {args.prefix + name: shape for name, shape in tensors.items()}
    tensors |= dict(map(split, args.add))

    shutil.rmtree(args.folder, ignore_errors=True)  # nothing is left of an earlier run
    write_json(args.folder, "config.json", config)
    if args.shards:
        write_shards(args.folder, tensors, args.dtype, args.shards)
    else:
        write_safetensors(os.path.join(args.folder, "model.safetensors"), tensors, args.dtype)
    if args.sentence:
        write_sentence(args.folder, args.sentence.split(","), args.dtype)


main()
