"""Sessions, generation and steps from Python: what the cache gives equals what the tokens call for, whatever was forked, cut, saved or
shared; sampling arguments arrive; and refusals name what is wrong."""

import concurrent.futures
import itertools

import girih
import numpy as np
import pytest
from small_decoder import POSITIONS, follow, logits_of, make_decoder, next_of

IDS = [5, 17, 33, 90, 3, 200, 269, 0, 1, 2, 44, 44, 7]


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    return make_decoder(tmp_path_factory.mktemp("decoder") / "d.girih", eos="9999")


@pytest.fixture(scope="module")
def model(decoder):
    return girih.load(decoder, threads=2, page_size=4, cache_tokens=2000)


def test_prefill_and_decode_give_logits_and_the_next_token(model):
    s = model.session()
    np.testing.assert_array_equal(s.prefill(IDS), logits_of(IDS))
    assert s.token == next_of(IDS) and s.length == len(s) == len(IDS) and s.tokens == IDS
    logits = s.decode(s.token)
    assert logits.dtype == np.float32
    np.testing.assert_array_equal(logits, logits_of([*IDS, next_of(IDS)]))


@pytest.mark.parametrize("kind", [list, tuple, np.int32, np.int64])
def test_takes_lists_and_arrays(model, kind):
    ids = kind(IDS) if kind in (list, tuple) else np.array(IDS, kind)
    s = model.session()
    np.testing.assert_array_equal(s.prefill(ids), logits_of(IDS))


@pytest.mark.parametrize("page_size", [1, 3, 100])
def test_page_sizes_change_nothing(decoder, page_size):
    model = girih.load(decoder, page_size=page_size)
    assert list(model.generate(IDS, 40)) == follow(IDS, 40)


def test_forks_and_cuts(model):
    s = model.session()
    s.prefill(IDS)
    t, u = s.fork(), s.fork()
    assert t.token == s.token
    u.truncate(6)
    assert u.length == 6
    with pytest.raises(girih.Error):
        u.token
    for session, start in ((t, IDS), (u, IDS[:6]), (s, IDS)):
        more = [start[0] + 1, 8, 9]
        np.testing.assert_array_equal(session.prefill(more), logits_of([*start, *more]))


def test_save_and_load(model, decoder, tmp_path):
    s = model.session()
    s.prefill(IDS)
    s.save(tmp_path / "s")
    other = girih.load(decoder, page_size=7).session()
    other.prefill([1, 2])
    other.load(tmp_path / "s")
    assert other.tokens == IDS
    np.testing.assert_array_equal(other.decode(6), logits_of([*IDS, 6]))
    (tmp_path / "s").write_bytes((tmp_path / "s").read_bytes()[:-3])
    with pytest.raises(girih.Error) as caught:
        s.load(tmp_path / "s")
    assert caught.value.code == "damaged-sequence" and s.tokens == IDS, "a load that fails changes nothing"


def test_generate_ends_where_it_is_told(model):
    expected = follow(IDS, 32)
    assert list(model.generate(IDS)) == expected
    assert list(model.generate(IDS, max_new_tokens=0)) == []
    stop = expected[10]
    assert list(model.generate(IDS, stop=[stop])) == expected[:expected.index(stop) + 1]
    assert list(itertools.islice(model.generate(IDS), 3)) == expected[:3]


def test_the_models_own_stop_tokens(tmp_path):
    stop = follow(IDS, 5)[4]
    model = girih.load(make_decoder(tmp_path / "d.girih", eos=f"9999,{stop}"))
    assert model.stop_tokens == (9999, stop)
    assert list(model.generate(IDS))[-1] == stop
    assert len(list(model.generate(IDS, stop=()))) == 32


def test_generate_ends_with_the_positions(model):
    assert len(list(model.generate(IDS, max_new_tokens=1000))) == POSITIONS - len(IDS) + 1


def test_generate_goes_on_from_a_session(model):
    s = model.session()
    s.prefill(IDS)
    first = list(model.generate([7], 4, session=s))
    assert first == follow([*IDS, 7], 4)
    assert s.tokens == [*IDS, 7, *first[:-1]], "all but the last"


@pytest.mark.parametrize("sampling", [{"temperature": 0.7, "seed": 3}, {"repetition_penalty": 1.3}, {"temperature": 1.0, "seed": -2}])
def test_sampling_arguments_arrive(model, sampling):
    assert list(model.generate(IDS, 20, **sampling)) == follow(IDS, 20, **sampling)
    s = model.session()
    s.prefill(IDS, **sampling)
    assert s.token == next_of(IDS, **sampling)


def test_a_temperature_that_would_overflow_logits_takes_the_most_likely_token(model):
    assert list(model.generate(IDS, 20, temperature=1e-38, seed=3)) == follow(IDS, 20)


@pytest.mark.parametrize("name", ["threads", "page_size", "cache_tokens"])
@pytest.mark.parametrize("value", [0, -1, 2**31, 10**30])
def test_numbers_that_no_model_can_be_loaded_with(decoder, name, value):
    with pytest.raises(ValueError, match=f"expected {name} to be from 1 to 2147483647, but got {value}"):
        girih.load(decoder, **{name: value})


def test_seeds_beyond_32_bits_wrap(model):
    s = model.session()
    s.prefill(IDS, temperature=1.0, seed=2**32 + 5)
    assert s.token == next_of(IDS, temperature=1.0, seed=5)


def test_several_sessions_in_one_step(model):
    sessions = [model.session() for _ in range(3)]
    tokens = [IDS, IDS[:1], IDS[3:9]]
    chosen, logits = model.step(sessions, tokens)
    assert chosen == [next_of(each) for each in tokens]
    np.testing.assert_array_equal(logits, [logits_of(each) for each in tokens])
    chosen, nothing = model.step(sessions, [[c] for c in chosen], logits=False)
    assert nothing is None and [s.length for s in sessions] == [14, 2, 7]


def test_threads_share_a_model(model):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda i: (i, list(model.generate([i, *IDS], 20))), range(16)))
    assert all(got == follow([i, *IDS], 20) for i, got in results)


def test_pages_come_back(model):
    before = model.cache["free_pages"]
    with model.session() as s:
        s.prefill(IDS)
        assert model.cache["free_pages"] == before - 4
    list(model.generate(IDS))
    next(model.generate(IDS))
    assert model.cache["free_pages"] == before


def test_the_cache_describes_itself(decoder):
    cache = girih.load(decoder, page_size=8, cache_tokens=100).cache
    assert (cache["tokens"], cache["page_size"], cache["pages"], cache["longest"]) == (104, 8, 13, 104)
    assert cache["vocabulary"] == 270 and cache["bytes"] == 104 * 8


@pytest.mark.parametrize("call, code", [
    (lambda s: s.prefill([270]), "value-out-of-range"),
    (lambda s: s.prefill([-1]), "value-out-of-range"),
    (lambda s: s.prefill([1] * 301), "size-out-of-bounds"),
    (lambda s: s.truncate(1), "invalid-argument"),
    (lambda s: s.prefill([1], temperature=-1.0), "invalid-argument"),
    (lambda s: s.prefill([1], top_p=1.5), "invalid-argument"),
    (lambda s: s.load("/nowhere"), "cannot-read"),
    (lambda s: s.save("/nowhere/s"), "cannot-write"),
    (lambda s: (s.close(), s.prefill([1])), "invalid-argument"),
])
def test_refusals_of_the_runtime(model, call, code):
    with pytest.raises(girih.Error) as caught:
        call(model.session())
    assert caught.value.code == code


@pytest.mark.parametrize("call, message", [
    (lambda s: s.prefill([]), "at least one token"),
    (lambda s: s.prefill([[1]]), "at least one token"),
    (lambda s: s.prefill([1.5]), "at least one token"),
    (lambda s: s.prefill([2**40]), "fit 32 bits"),
    (lambda s: s.prefill([1], temperature=float("nan")), "finite"),
    (lambda s: s.prefill([1], temperature=1e39), "finite number of 32 bits"),
    (lambda s: s.prefill([1], top_k=-1), "top_k"),
    (lambda s: s.prefill([1], top_p=0), "above 0"),
    (lambda s: s.prefill([1], top_p=1e-50), "above 0"),
    (lambda s: s.prefill([1], repetition_penalty=1e-50), "above 0"),
])
def test_arguments_no_model_could_take(model, call, message):
    s = model.session()
    with pytest.raises(ValueError, match=message):
        call(s)
    assert s.length == 0


def test_a_full_cache(decoder):
    model = girih.load(decoder, cache_tokens=32, page_size=8)
    s, t = model.session(), model.session()
    s.prefill([1] * 20)
    with pytest.raises(girih.Error) as caught:
        t.prefill([1] * 9)
    assert caught.value.code == "cache-full" and caught.value.status == 4
    s.close()
    t.prefill([1] * 9)


def test_encoders_have_no_sessions(artifact):
    model = girih.load(artifact)
    for call in (model.session, lambda: list(model.generate([1]))):
        with pytest.raises(girih.Error) as caught:
            call()
        assert caught.value.code == "wrong-model"
    with pytest.raises(girih.Error) as caught:
        model.logits([[1]])
    assert caught.value.code == "unknown-entry"


def test_entries_tell_their_states(model):
    assert [value.name for value in model.entries[0].inputs if value.state] == ["keys.0"]


def test_logits_of_every_token_without_a_cache(model):
    rows = [IDS[:8], IDS[5:]]
    got = model.logits(rows)
    assert got.shape == (2, 8, 270) and got.dtype == np.float32
    np.testing.assert_array_equal(got, [[logits_of(row[:n]) for n in range(1, 9)] for row in rows])
    with pytest.raises(ValueError, match="rows of one length"):
        model.logits([[1, 2], [3]])


def test_loss_shifts_the_tokens_by_itself(model):
    ids = np.array([IDS[:8]])
    labels = np.append(ids[:, 1:], [[-1]], axis=1)
    np.testing.assert_array_equal(model.loss(ids), model.loss(ids, labels))
    assert model.loss(ids)[0, -1] == 0 and model.loss(ids).any()
    with pytest.raises(girih.Error) as caught:
        model.loss(ids, labels - 1)
    assert caught.value.code == "value-out-of-range"
