"""Matrices of F16 and BF16 stay so in the artifact, two bytes a weight, and kernels widen what they load: every bit is that of the same numbers
in F32, for few rows and many, from safetensors and GGUF, through the cache too."""

import numpy as np
import pytest
import torch

import decoders
import encoders

girih = pytest.importorskip("girih")
TYPES = {"F16": torch.float16, "BF16": torch.bfloat16}
SIZES = dict(hidden_size=256, intermediate_size=320, num_attention_heads=8, num_key_value_heads=2, vocab_size=499)


def matrices(model):
    """Elements of weights that are matrices, tied ones once: at least, and at most, where panels of 48 rows are filled up."""
    shapes = [parameter.shape for parameter in model.parameters() if parameter.dim() == 2]
    return sum(rows * columns for rows, columns in shapes), sum((rows + 47) * (columns + 47) for rows, columns in shapes)


def compile_both(narrow, wide, model, folder):
    """The artifacts of both, after a look at their sizes."""
    summaries = [girih.compile(path, folder / f"{i}.girih") for i, path in enumerate((narrow, wide))]
    least, most = matrices(model)
    for summary, bytes_each in zip(summaries, (2, 4)):
        assert bytes_each * least <= summary.weight_bytes <= bytes_each * most + 70_000  # vectors, tables of rotations
    assert 2 * least <= summaries[1].weight_bytes - summaries[0].weight_bytes
    return [girih.load(folder / f"{i}.girih", page_size=16) for i in range(2)]


def same_bits(one, other):
    assert np.isfinite(one).all() and one.std() > 0
    np.testing.assert_array_equal(one.view(np.int32), other.view(np.int32))


def check_decoders(narrow, wide, vocabulary):
    ids = np.random.default_rng(3).integers(0, vocabulary, (2, 33)).astype(np.int32)
    for batch, length in [(1, 1), (1, 2), (1, 3), (1, 5), (1, 7), (1, 33), (2, 33)]:
        same_bits(narrow.logits(ids[:batch, :length]), wide.logits(ids[:batch, :length]))
    sessions = [runner.session() for runner in (narrow, wide)]
    same_bits(*(session.prefill(ids[0, :9]) for session in sessions))
    same_bits(*(session.decode(int(ids[0, 9])) for session in sessions))
    same_bits(sessions[0].decode(int(ids[0, 10])), narrow.logits(ids[:1, :11])[0, -1])
    assert narrow.statistics["launches"] <= wide.statistics["launches"] + 1  # GPT-2 sums two tables that widen first


@pytest.mark.parametrize("family, kind", [("llama", "F16"), ("llama-tied", "BF16"), ("llama-tied", "F16"), ("gpt2", "F16"), ("phi3", "BF16"), ("gemma2", "BF16")])
def test_safetensors(family, kind, tmp_path):
    sizes = dict(n_embd=256, n_head=8, vocab_size=499) if family == "gpt2" else SIZES
    model = decoders.make(family, tmp_path / "made", **sizes).to(TYPES[kind])
    for folder, dtype in (("narrow", TYPES[kind]), ("wide", torch.float32)):
        model.to(dtype).save_pretrained(tmp_path / folder)
    check_decoders(*compile_both(tmp_path / "narrow", tmp_path / "wide", model, tmp_path), 499)


@pytest.mark.parametrize("kind, architecture, tied", [("F16", "llama", False), ("BF16", "qwen2", True)])
def test_gguf(kind, architecture, tied, tmp_path):
    ggufs = pytest.importorskip("ggufs")
    model = ggufs.make(tmp_path / "narrow.gguf", architecture, kind, tied=tied)
    ggufs.make(tmp_path / "wide.gguf", architecture, "F32", tied=tied, like=model)
    check_decoders(*compile_both(tmp_path / "narrow.gguf", tmp_path / "wide.gguf", model, tmp_path), 199)


@pytest.mark.parametrize("kind", TYPES)
def test_encoder(kind, tmp_path):
    model = encoders.make("bert", tmp_path / "made").to(TYPES[kind])
    for folder, dtype in (("narrow", TYPES[kind]), ("wide", torch.float32)):
        model.to(dtype).save_pretrained(tmp_path / folder)
        girih.compile(tmp_path / folder, tmp_path / f"{folder}.girih")
    ids = np.random.default_rng(3).integers(0, 100, (2, 12)).astype(np.int32)
    same_bits(*(girih.load(tmp_path / f"{folder}.girih").encode(ids) for folder in ("narrow", "wide")))
    sizes = [(tmp_path / f"{folder}.girih").stat().st_size for folder in ("narrow", "wide")]
    assert sizes[1] - sizes[0] > 1.9 * sum(parameter.numel() for name, parameter in model.named_parameters() if parameter.dim() == 2 and "pooler" not in name)
