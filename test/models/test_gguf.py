"""GGUF files through the importer and the graph interpreter give, in f64, transformers' numbers for the weights that the package `gguf`
decodes from them: every type, both architectures, permuted heads, tables of frequencies, tied heads."""

import shutil
import subprocess

import numpy as np
import pytest

import decoders
from test_reference import assert_close, run_entry

ggufs = pytest.importorskip("ggufs")
pytestmark = pytest.mark.skipif(shutil.which("girih-eval") is None, reason="girih-eval is not built")


def check(path, model, folder):
    ids = decoders.inputs(model, 2, 9)
    truth, _ = decoders.references(model, ids, "f32")
    assert_close(run_entry(path, [ids], folder, "logits"), truth)


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", *ggufs.QUANTS])
def test_types(kind, tmp_path):
    check(tmp_path / "model.gguf", ggufs.make(tmp_path / "model.gguf", "llama", kind), tmp_path)


@pytest.mark.parametrize("kind", ["F32", "Q4_0"])
def test_qwen2(kind, tmp_path):
    """Biases, and heads that are not permuted."""
    check(tmp_path / "model.gguf", ggufs.make(tmp_path / "model.gguf", "qwen2", kind, tied=True), tmp_path)


def test_tied_and_biased_llama(tmp_path):
    check(tmp_path / "model.gguf", ggufs.make(tmp_path / "model.gguf", "llama", "Q8_0", tied=True, attention_bias=True, mlp_bias=True), tmp_path)


def test_frequencies(tmp_path):
    """`rope_freqs` divides frequencies, as Llama 3's scaling does."""
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    scaling = dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
    config = ggufs.transformers.LlamaConfig(**ggufs.SIZES, rope_parameters=scaling)
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, device="cpu")
    plain = 10000.0 ** -(np.arange(0, 32, 2) / 32)
    path = tmp_path / "model.gguf"
    model = ggufs.make(path, "llama", "F32", frequencies=plain / scaled.double().numpy(), rope_parameters=scaling)
    check(path, model, tmp_path)


LINEAR = dict(rope_type="linear", rope_theta=10000.0, factor=4.0)
YARN = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=32)


@pytest.mark.parametrize("keys, rope", [
    ({"scaling.type": "linear", "scaling.factor": 4.0}, LINEAR),
    ({"scaling.factor": 4.0}, LINEAR),  # llama.cpp scales by a factor that has no type, and by the key of older files
    ({"scale_linear": 4.0}, LINEAR),
    ({"scaling.type": "none", "scaling.factor": 4.0}, None),
    ({"scaling.type": "yarn", "scaling.factor": 4.0, "scaling.original_context_length": 32}, YARN),
    ({"scaling.type": "yarn", "scaling.factor": 4.0, "scaling.original_context_length": 32, "scaling.yarn_beta_fast": 16.0,
      "scaling.yarn_beta_slow": 2.0}, {**YARN, "beta_fast": 16.0, "beta_slow": 2.0}),
    ({"freq_base": 500.0}, dict(rope_type="default", rope_theta=500.0)),
], ids=lambda value: "-".join(value) if isinstance(value, dict) else "plain")
@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_rotary_embeddings(architecture, keys, rope, tmp_path):
    keys = {f"{architecture}.rope.{name}": value for name, value in keys.items()}
    path = tmp_path / "model.gguf"
    check(path, ggufs.make(path, architecture, "F32", keys=keys, **({"rope_parameters": rope} if rope else {})), tmp_path)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_windows_are_left_alone(architecture, tmp_path):
    """llama.cpp and transformers compute these architectures without windows, whatever a converter wrote down."""
    from transformers import AutoModelForCausalLM

    path = tmp_path / "model.gguf"
    ggufs.make(path, architecture, "F32", keys={f"{architecture}.attention.sliding_window": 3, f"{architecture}.vocab_size": 199})
    check(path, AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=path.name, dtype="float32").eval(), tmp_path)


def test_heads_of_another_size(tmp_path):
    keys = {"llama.attention.key_length": 48, "llama.attention.value_length": 48, "llama.rope.dimension_count": 48}
    path = tmp_path / "model.gguf"
    check(path, ggufs.make(path, "llama", "F32", keys=keys, head_dim=48), tmp_path)


@pytest.mark.parametrize("eos, eot, told", [(7, 9, 'eos = "7,9"'), (7, 7, 'eos = "7"'), (2**32 - 1, 9, 'eos = "9"'), (199, 198, 'eos = "198"')])
def test_end_tokens_are_of_the_vocabulary(eos, eot, told, tmp_path):
    path = tmp_path / "model.gguf"
    ggufs.make(path, "llama", "F32", keys={"tokenizer.ggml.eos_token_id": eos, "tokenizer.ggml.eot_token_id": eot})
    text = subprocess.run(["girihc", str(path), "--emit=import"], check=True, capture_output=True, text=True).stdout
    assert told in text


def refusal(path):
    done = subprocess.run(["girihc", str(path), "--emit=import"], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    return done.stderr


@pytest.mark.parametrize("keys, message", [
    ({"split.count": 3}, "error: [missing-shard] expected a whole model, but this file is one of 3 parts"),
    ({"llama.rope.scaling.type": "longrope"}, "error: [unsupported-config-value] expected 'rope.scaling.type' to be none, linear or yarn, but found 'longrope'"),
    ({"llama.rope.scaling.factor": -1.0}, "error: [bad-config-value] expected a positive number as 'llama.rope.scaling.factor', but found -1"),
    ({"llama.rope.scaling.factor": 2}, "error: [bad-config-value] expected a positive number as 'llama.rope.scaling.factor', but found 2"),
    ({"llama.attention.value_length": 16}, "error: [unsupported-config-value] expected values as wide as keys, 32, but found 16"),
    ({"llama.expert_count": 8}, "error: [bad-config-value] expected 0 or nothing, since Girih does not implement more, as 'llama.expert_count', but found 8"),
    ({"llama.logit_scale": 2.0}, "error: [unknown-config-key] expected only keys that this architecture is known to have, but found 'llama.logit_scale'"),
])
def test_refusals(keys, message, tmp_path):
    ggufs.make(tmp_path / "model.gguf", "llama", "F32", keys=keys)
    assert refusal(tmp_path / "model.gguf").startswith(message)
