"""Encoders on the systolic machine, whose numbers the simulator computes: every family under the rule of acceptance, and the real MiniLM."""

import os

import numpy as np
import pytest

import encoders
import test_minilm

girih = pytest.importorskip("girih")
rows, expected = test_minilm.rows, test_minilm.expected
LONG, SANITIZED = bool(os.environ.get("GIRIH_LONG")), bool(os.environ.get("GIRIH_SANITIZED"))


def compiled(directory, artifact, machine):
    girih.compile(directory, artifact, target=f"systolic:{machine}", dtype="bf16")
    return girih.load(artifact)


@pytest.mark.parametrize("machine", ["edge16", "tpu-v5e-like"] if LONG else ["edge16"])
@pytest.mark.parametrize("family", encoders.FAMILIES)
def test_hidden_states(family, machine, tmp_path):
    model = encoders.make(family, tmp_path)
    runner = compiled(tmp_path, tmp_path / "model.girih", machine)
    for batch, length in encoders.SHAPES:
        ids, mask = encoders.inputs(model, batch, length, seed=length)
        truth, torchs = encoders.references(model, ids, mask, "bf16")
        encoders.assert_accepted(runner.encode(ids, mask), truth, torchs, "bf16")


@pytest.mark.parametrize("hidden, heads, intermediate", [(65, 5, 131), (8, 8, 3), (160, 1, 520)])
def test_odd_sizes(hidden, heads, intermediate, tmp_path):
    model = encoders.make("bert", tmp_path, hidden_size=hidden, num_attention_heads=heads, intermediate_size=intermediate)
    runner = compiled(tmp_path, tmp_path / "model.girih", "edge16")
    ids, mask = encoders.inputs(model, 2, 33)
    truth, torchs = encoders.references(model, ids, mask, "bf16")
    encoders.assert_accepted(runner.encode(ids, mask), truth, torchs, "bf16")


def test_minilm_of_real_weights(minilm, rows, expected, tmp_path):
    """A cosine of 0.9999 at least on fifty sentences of 1 to 256 tokens; on some in the short runs."""
    runner = compiled(minilm, tmp_path / "minilm.girih", "edge32")
    chosen = range(50) if LONG else range(2) if SANITIZED else range(0, 50, 7)
    ours = np.concatenate([runner.encode(*test_minilm.pad([rows[i]])) for i in chosen])
    assert test_minilm.cosines(ours, expected[list(chosen)]).min() >= 0.9999


def test_lengths_share_a_program(minilm, tmp_path):
    """Padding does not change a sentence's embedding by more than rounding."""
    runner = compiled(minilm, tmp_path / "minilm.girih", "edge32")
    ids, mask = test_minilm.pad([[101, 2023, 102], [101, 2023, 2003, 1037, 6251, 102]])
    alone = runner.encode(ids[:1, :3], mask[:1, :3])
    assert test_minilm.cosines(runner.encode(ids, mask)[:1], alone).min() > 0.9999
