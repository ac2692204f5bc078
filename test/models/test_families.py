"""Random small encoders of every family meet the rule of acceptance: batch 1 and 3, lengths 1, 7 and 129, f32 and bf16."""

import os

import pytest

import encoders

girih = pytest.importorskip("girih")


@pytest.fixture(scope="module", params=encoders.FAMILIES)
def family(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp(request.param)
    return directory, encoders.make(request.param, directory)


@pytest.mark.parametrize("dtype", ["f32", "bf16"])
def test_hidden_states(family, dtype, compiled):
    directory, model = family
    runner = girih.load(compiled(directory, dtype))
    for batch, length in encoders.SHAPES:
        ids, mask = encoders.inputs(model, batch, length, seed=length)
        truth, torchs = encoders.references(model, ids, mask, dtype)
        encoders.assert_accepted(runner.encode(ids, mask), truth, torchs, dtype)


@pytest.mark.parametrize("stored", ["float16", "bfloat16"])
def test_stored_type_is_not_the_compute_type(stored, tmp_path, compiled):
    """Weights stored in half precision are widened, not computed with."""
    import torch

    model = encoders.make("bert", tmp_path)
    model.to(getattr(torch, stored)).save_pretrained(tmp_path)
    model.to(torch.float32)
    ids, mask = encoders.inputs(model, 2, 9)
    truth, torchs = encoders.references(model, ids, mask, "f32")
    encoders.assert_accepted(girih.load(compiled(tmp_path)).encode(ids, mask), truth, torchs, "f32")


def test_shards(tmp_path, compiled):
    model = encoders.make("bert", tmp_path)
    (tmp_path / "model.safetensors").unlink()
    model.save_pretrained(tmp_path, max_shard_size="100KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    ids, mask = encoders.inputs(model, 2, 9)
    truth, torchs = encoders.references(model, ids, mask, "f32")
    encoders.assert_accepted(girih.load(compiled(tmp_path)).encode(ids, mask), truth, torchs, "f32")


# (hidden, heads, intermediate): heads of 13 and of 1, one wide head, K of several blocks and a tail, sizes that are no multiple of anything.
SIZES = [(65, 5, 131), (8, 8, 3), (160, 1, 520), (1, 1, 1), (336, 12, 1025)]


if os.environ.get("GIRIH_SANITIZED"):
    SIZES = SIZES[:2]


@pytest.mark.parametrize("dtype", ["f32", "bf16"])
@pytest.mark.parametrize("hidden, heads, intermediate", SIZES)
def test_sizes(hidden, heads, intermediate, dtype, tmp_path, compiled):
    model = encoders.make("bert", tmp_path, hidden_size=hidden, num_attention_heads=heads, intermediate_size=intermediate,
                          num_hidden_layers=2, vocab_size=37)
    runner = girih.load(compiled(tmp_path, dtype))
    for batch, length in [(1, 1), (2, 67), (5, 16)]:
        ids, mask = encoders.inputs(model, batch, length, seed=length)
        truth, torchs = encoders.references(model, ids, mask, dtype)
        encoders.assert_accepted(runner.encode(ids, mask), truth, torchs, dtype)
