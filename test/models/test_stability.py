"""Under the default contract the same bits come out for any number of threads, any batch and any run."""

import numpy as np
import pytest

import encoders

girih = pytest.importorskip("girih")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Wide enough that K has several blocks, and long enough that keys do."""
    directory = tmp_path_factory.mktemp("stable")
    return directory, encoders.make("bert", directory, hidden_size=320, num_attention_heads=5, intermediate_size=600,
                                    num_hidden_layers=2, max_position_embeddings=300)


@pytest.fixture(scope="module", params=["f32", "bf16"])
def artifact(request, model, compiled):
    return compiled(model[0], request.param)


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def test_threads_and_runs(model, artifact):
    ids, mask = encoders.inputs(model[1], 3, 201)
    one = girih.load(artifact, threads=1).encode(ids, mask)
    for threads in (1, 2, 3, 5):
        runner = girih.load(artifact, threads=threads)
        for _ in range(3):
            assert same_bits(runner.encode(ids, mask), one), f"{threads} threads"


@pytest.mark.parametrize("length", [1, 7, 64, 129, 300])
def test_batch(model, artifact, length):
    """A row's bits do not depend on its neighbours, nor on its place among them."""
    ids, mask = encoders.inputs(model[1], 5, length)
    runner = girih.load(artifact, threads=2)
    whole = runner.encode(ids, mask)
    for row in range(5):
        assert same_bits(runner.encode(ids[row : row + 1], mask[row : row + 1])[0], whole[row]), f"row {row} alone"
    assert same_bits(runner.encode(ids[::-1].copy(), mask[::-1].copy())[::-1].copy(), whole)


def test_a_row_without_tokens_is_finite(model, artifact):
    """A row that is all padding has no right answer, but it must not poison anything."""
    ids, mask = encoders.inputs(model[1], 3, 20)
    runner = girih.load(artifact)
    before = runner.encode(ids, mask)
    mask[1] = 0
    after = runner.encode(ids, mask)
    assert np.isfinite(after).all()
    assert same_bits(after[0], before[0]) and same_bits(after[2], before[2])
