"""A compiled decoder gives one forward pass's bits through its cache: for any length, split, page size, thread count and batch, forked and
truncated; greedy generation follows the logits; and a token takes no more launches than promised."""

import os

import girih
import numpy as np
import pytest
from tiny_llama import LAYERS, VOCABULARY, tiny_llama

IDS = np.random.default_rng(7).integers(0, VOCABULARY, 300).tolist()
EDGES = [1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 160, 200, 255, 256, 257, 299]
LENGTHS = range(1, 300) if os.environ.get("GIRIH_LONG") else EDGES


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("llama")
    (folder / "llama.mlir").write_text(tiny_llama())
    girih.compile(folder / "llama.mlir", folder / "llama.girih", weights="random:3")
    return folder / "llama.girih"


@pytest.fixture(scope="module")
def model(decoder):
    return girih.load(decoder, threads=2, page_size=16, cache_tokens=4000)


@pytest.fixture(scope="module")
def whole(model):
    """The logits after every token, by one forward pass; rows that are alike would prove nothing."""
    logits = model.logits([IDS])[0]
    assert np.isfinite(logits).all() and len({row.tobytes() for row in logits}) == len(IDS)
    return logits


def same_bits(got, expected):
    np.testing.assert_array_equal(np.asarray(got).view(np.int32), np.asarray(expected).view(np.int32))


def test_prefill_of_any_length_then_decode(model, whole):
    for n in LENGTHS:
        with model.session() as session:
            same_bits(session.prefill(IDS[:n]), whole[n - 1])
            same_bits(session.decode(IDS[n]), whole[n])


def test_token_by_token(model, whole):
    session = model.session()
    for i, token in enumerate(IDS):
        same_bits(session.decode(token), whole[i])


@pytest.mark.parametrize("splits", [(1, 2, 3), (16, 32), (5, 100, 101), (64, 128, 192, 256), (299,), (37, 38, 150)])
@pytest.mark.parametrize("page_size, threads", [(1, 1), (3, 2), (16, 3), (64, 1), (1000, 2)])
def test_any_split_page_size_and_thread_count(decoder, whole, splits, page_size, threads):
    session = girih.load(decoder, threads=threads, page_size=page_size).session()
    for begin, end in zip((0, *splits), (*splits, len(IDS))):
        same_bits(session.prefill(IDS[begin:end]), whole[end - 1])


def test_whatever_shares_the_batch(model, whole):
    lengths = [5, 130, 64, 1]
    sessions = [model.session() for _ in lengths]
    _, logits = model.step(sessions, [IDS[:n] for n in lengths])
    same_bits(logits, [whole[n - 1] for n in lengths])
    for step in range(1, 4):
        _, logits = model.step(sessions, [[IDS[n + step - 1]] for n in lengths])
        same_bits(logits, [whole[n + step - 1] for n in lengths])
    _, logits = model.step(sessions[1:3], [IDS[133:140], IDS[67:68]])
    same_bits(logits, [whole[139], whole[67]])


def test_forked_and_truncated(model, whole):
    session = model.session()
    session.prefill(IDS[:90])
    fork, cut = session.fork(), session.fork()
    cut.truncate(41)
    other = [(token + 1) % VOCABULARY for token in IDS[90:120]]
    fork.prefill(other)  # its own way, in pages that it no longer shares
    same_bits(cut.prefill(IDS[41:120]), whole[119])
    same_bits(session.prefill(IDS[90:120]), whole[119])
    same_bits(fork.decode(5), model.logits([[*IDS[:90], *other, 5]])[0, -1])


def test_saved_and_loaded(model, whole, tmp_path):
    session = model.session()
    session.prefill(IDS[:77])
    session.save(tmp_path / "s")
    other = model.session()
    other.load(tmp_path / "s")
    same_bits(other.prefill(IDS[77:100]), whole[99])


def test_generation_follows_the_logits(model):
    tokens = list(IDS[:9])
    for _ in range(24):
        tokens.append(int(model.logits([tokens])[0, -1].argmax()))
    assert list(model.generate(IDS[:9], 24)) == tokens[9:]


def test_launches_of_a_token(model):
    session = model.session()
    session.prefill(IDS[:20])
    session.decode(1)
    assert 0 < model.statistics["launches"] <= 6 * LAYERS + 4


def test_entries_name_their_states(model):
    decode = next(entry for entry in model.entries if entry.name == "decode")
    assert [value.name for value in decode.inputs if value.state] == ["keys.0", "values.0", "keys.1", "values.1"]
    assert [value.name for value in decode.outputs] == ["next", "logits"]
