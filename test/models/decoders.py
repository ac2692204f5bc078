"""Random small decoders of every family with real config keys, their inputs and references. Truth is transformers in f64, with its own
formulas of rotary embeddings in f64 too: transformers rounds angles to f32 whatever the model's type."""

import contextlib
import os

import numpy as np
import torch
import transformers
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from encoders import EPSILON, assert_accepted  # noqa: F401

# Sizes differ from each other and from powers of two, so that a mixed-up dimension or an untreated edge shows.
SIZES = dict(vocab_size=199, hidden_size=72, intermediate_size=150, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2,
             max_position_embeddings=140, tie_word_embeddings=False)
LLAMA3 = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
YARN = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=32)
LONG = dict(rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1, 1.3, 1.6, 2.0, 2.5], long_factor=[4.0] * 6)
GEMMA2 = dict(head_dim=16, query_pre_attn_scalar=24, sliding_window=21, attn_logit_softcapping=5.0, final_logit_softcapping=3.0, tie_word_embeddings=True)
GPT2 = dict(vocab_size=199, n_embd=72, n_layer=2, n_head=6, n_positions=140)


def family(name, **changes):
    return (getattr(transformers, name + "Config"), getattr(transformers, name + ("LMHeadModel" if name == "GPT2" else "ForCausalLM")),
            {**(GPT2 if name == "GPT2" else SIZES), **changes})


FAMILIES = {
    "llama": family("Llama"),
    "llama-tied": family("Llama", tie_word_embeddings=True, num_key_value_heads=3, rope_parameters=LLAMA3),
    "llama-biases": family("Llama", attention_bias=True, mlp_bias=True, head_dim=20, num_key_value_heads=6, hidden_act="gelu"),
    "llama-linear": family("Llama", rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=3.0)),
    "llama-yarn": family("Llama", rope_parameters=YARN),
    "llama-yarn-scales": family("Llama", rope_parameters={**YARN, "mscale": 0.8, "mscale_all_dim": 0.5, "beta_fast": 16.0, "truncate": False}),
    "llama-dynamic": family("Llama", rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=2.0)),
    "mistral": family("Mistral", head_dim=16, sliding_window=140),
    "mistral-window": family("Mistral", head_dim=16, sliding_window=21),
    "qwen2": family("Qwen2", tie_word_embeddings=True),
    "qwen2-window": family("Qwen2", use_sliding_window=True, sliding_window=32, max_window_layers=1),
    "qwen3": family("Qwen3", head_dim=16),
    "qwen3-window": family("Qwen3", head_dim=16, use_sliding_window=True, sliding_window=5, layer_types=["sliding_attention", "full_attention"]),
    "phi3": family("Phi3", pad_token_id=0),
    "phi3-window": family("Phi3", pad_token_id=0, sliding_window=1),
    "phi3-partial": family("Phi3", pad_token_id=0, rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5)),
    "phi3-long": family("Phi3", pad_token_id=0, original_max_position_embeddings=130, rope_parameters=LONG),
    "gemma2": family("Gemma2", **GEMMA2),
    "gemma2-plain": family("Gemma2", **{**GEMMA2, "attn_logit_softcapping": None, "final_logit_softcapping": None, "attention_bias": True,
                                       "layer_types": ["full_attention", "sliding_attention"], "tie_word_embeddings": False}),
    "gpt2": family("GPT2"),
    "gpt2-wide": family("GPT2", n_inner=200, activation_function="relu", scale_attn_weights=False, tie_word_embeddings=False),
}
LONG_ONLY = set() if os.environ.get("GIRIH_LONG") else {"llama-linear", "llama-yarn-scales", "llama-dynamic", "phi3-partial", "phi3-window", "gemma2-plain", "gpt2-wide"}
SHAPES = [(1, 1), (1, 7), (1, 129), (3, 1), (3, 7), (3, 129)]


def make(name, directory, seed=0, **changes):
    """Saves a random model of the family; weights are larger than transformers' initial ones, so that every part matters."""
    config_class, model_class, sizes = FAMILIES[name]
    torch.manual_seed(seed)
    model = model_class(config_class(**{**sizes, **changes})).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parts = name.split(".")
            if parameter.dim() == 2:
                parameter.normal_(0, 0.12)
            elif ("norm" in parts[-2] or "ln_" in parts[-2]) and parts[-1] == "weight":
                parameter.normal_(1, 0.2)
            else:
                parameter.normal_(0, 0.1)
    model.save_pretrained(directory)
    return model


def inputs(model, batch, length, seed=0):
    return np.random.default_rng(seed).integers(0, model.config.vocab_size, (batch, length)).astype(np.int32)


@contextlib.contextmanager
def exact_parts():
    """Where attention is written out, transformers takes the softmax in f32 whatever the model's type, and so it does Gemma's norms."""
    softmax, single = torch.nn.functional.softmax, torch.Tensor.float
    torch.nn.functional.softmax = lambda x, dim, dtype=None: softmax(x, dim=dim)
    torch.Tensor.float = lambda x: x if x.dtype == torch.float64 else single(x)
    try:
        yield
    finally:
        torch.nn.functional.softmax, torch.Tensor.float = softmax, single


@contextlib.contextmanager
def exact_rope(model):
    """Rotary embeddings as transformers defines them, without its roundings to f32."""
    rotary = getattr(model.model, "rotary_emb", None) if hasattr(model, "model") else None
    if rotary is None:
        yield
        return
    single, whole = torch.float, torch.float32
    torch.float = torch.float32 = torch.float64
    try:
        compute = rotary.compute_default_rope_parameters if rotary.rope_type == "default" else ROPE_INIT_FUNCTIONS[rotary.rope_type]
        frequencies, factor = compute(model.config, device=torch.device("cpu"))
    finally:
        torch.float, torch.float32 = single, whole

    def forward(x, position_ids):
        angles = position_ids[..., None].to(torch.float64) * frequencies.to(torch.float64)
        angles = torch.cat((angles, angles), dim=-1)
        return (angles.cos() * factor).to(x.dtype), (angles.sin() * factor).to(x.dtype)

    rotary.forward = forward
    try:
        yield
    finally:
        del rotary.forward


def run(model, ids):
    """The logits, with whatever type the model has."""
    with torch.no_grad():
        return model(input_ids=torch.tensor(ids, dtype=torch.long), use_cache=False).logits.to(torch.float64).numpy()


def references(model, ids, dtype):
    """(the truth in f64, PyTorch's answer in `dtype`), both from weights rounded to `dtype`."""
    rounded = model.to({"f32": torch.float32, "bf16": torch.bfloat16}[dtype])
    answer = run(rounded, ids)
    with exact_rope(model), exact_parts():
        truth = run(rounded.to(torch.float64), ids)
    model.to(torch.float32)
    return truth, answer
