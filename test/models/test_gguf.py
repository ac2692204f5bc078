"""GGUF files through the importer and the graph interpreter give, in f64, transformers' numbers for the weights that the package `gguf`
decodes from them: every type, both architectures, permuted heads, tables of frequencies, tied heads."""

import shutil

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
