"""Caches and attention over them: levels agree, slots may lie anywhere, and prefill in pieces gives the bits of one causal attention."""

import os
import subprocess

import numpy as np
import pytest

EVAL = os.path.join(os.environ.get("GIRIH_BUILD", "build/dev"), "bin", "girih-eval")
GIRIHC = os.path.join(os.path.dirname(EVAL), "girihc")
LONG = bool(os.environ.get("GIRIH_LONG"))
HEADS, GROUPS, SIZE = 6, 2, 32

SYMBOLS = """
girih.symbol @b {min = 1 : i64, max = 8 : i64, likely = 1 : i64}
girih.symbol @s {min = 1 : i64, max = 4096 : i64}
girih.symbol @total {min = 1 : i64, max = 4096 : i64}
girih.symbol @slots {min = 1 : i64, max = 16384 : i64}
"""
QUERY = f'tensor<?x?x{HEADS}x{SIZE}xf32, #girih.dims<"b", "s">>'
ROWS = f'tensor<?x?x{GROUPS}x{SIZE}xf32, #girih.dims<"b", "s">>'
CACHE = f'tensor<?x{GROUPS}x{SIZE}xf32, #girih.dims<"slots">>'
TOKENS = 'tensor<?x?xi32, #girih.dims<"b", "s">>'
TABLE = 'tensor<?x?xi32, #girih.dims<"b", "total">>'


def paged(attributes=""):
    """Writes keys and values to a cache and attends to it."""
    return SYMBOLS + f"""
func.func @main(%q: {QUERY}, %k: {ROWS}, %v: {ROWS}, %p: {TOKENS} {{girih.range = [-1, 4096]}}, %w: {TOKENS} {{girih.range = [-1, 16384]}},
                %t: {TABLE} {{girih.range = [-1, 16384]}}, %kc: {CACHE} {{girih.state}}, %vc: {CACHE} {{girih.state}})
    -> ({QUERY}, {CACHE} {{girih.state = 6 : i64}}, {CACHE} {{girih.state = 7 : i64}}) attributes {{girih.entry}} {{
  %0 = girih.cache_write %kc, %k at %w : ({CACHE}, {ROWS}, {TOKENS}) -> {CACHE}
  %1 = girih.cache_write %vc, %v at %w : ({CACHE}, {ROWS}, {TOKENS}) -> {CACHE}
  %2 = girih.paged_attention %q, %0, %1 table %t positions %p {{scale = 0.2 : f32{attributes}}} : ({QUERY}, {CACHE}, {CACHE}, {TABLE}, {TOKENS}) -> {QUERY}
  return %2, %0, %1 : {QUERY}, {CACHE}, {CACHE}
}}
"""


def token(attributes=""):
    """Attends to a cache with one query of each sequence, which is what `fusion-split-attention` cuts along the positions."""
    query = f'tensor<?x1x{HEADS}x{SIZE}xf32, #girih.dims<"b">>'
    places = 'tensor<?x1xi32, #girih.dims<"b">>'
    return SYMBOLS + f"""
func.func @main(%q: {query}, %p: {places} {{girih.range = [-1, 4096]}}, %t: {TABLE} {{girih.range = [-1, 16384]}}, %k: {CACHE}, %v: {CACHE}) -> {query}
    attributes {{girih.entry}} {{
  %0 = girih.paged_attention %q, %k, %v table %t positions %p {{scale = 0.2 : f32{attributes}}} : ({query}, {CACHE}, {CACHE}, {TABLE}, {places}) -> {query}
  return %0 : {query}
}}
"""


def causal(attributes=""):
    return SYMBOLS + f"""
func.func @main(%q: {QUERY}, %k: {ROWS}, %v: {ROWS}) -> {QUERY} attributes {{girih.entry}} {{
  %0 = girih.attention %q, %k, %v {{scale = 0.2 : f32, causal{attributes}}} : ({QUERY}, {ROWS}, {ROWS}) -> {QUERY}
  return %0 : {QUERY}
}}
"""


def evaluate(folder, module, inputs, *options):
    """Runs girih-eval; the last level's results."""
    path = folder / "module.mlir"
    path.write_text(module)
    files = []
    for i, array in enumerate(inputs):
        files.append(str(folder / f"in{i}.npy"))
        np.save(files[-1], array)
    for old in folder.glob("out*"):
        old.unlink()
    done = subprocess.run([EVAL, str(path), "--inputs=" + ",".join(files), f"--output={folder}/out.npy", *options],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return [np.load(folder / "out.npy")] + [np.load(f) for f in sorted(folder.glob("out.*.npy"))]


def tokens(rng, batch, length):
    shapes = [(batch, length, HEADS, SIZE), (batch, length, GROUPS, SIZE), (batch, length, GROUPS, SIZE)]
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


class Cache:
    """A pool of slots in random order, filled with NaN: what nobody wrote must never show."""

    def __init__(self, rng, batch, total):
        self.table = rng.permutation(batch * total + 5)[: batch * total].reshape(batch, total).astype(np.int32)
        shape = (batch * total + 5, GROUPS, SIZE)
        self.states = [np.full(shape, np.nan, np.float32) for _ in range(2)]
        self.length = 0

    def feed(self, folder, module, q, k, v, *options):
        count = q.shape[1]
        places = np.broadcast_to(np.arange(self.length, self.length + count, dtype=np.int32), q.shape[:2])
        slots = self.table[:, self.length : self.length + count]
        result, *self.states = evaluate(folder, module, [q, k, v, np.ascontiguousarray(places), np.ascontiguousarray(slots), self.table, *self.states],
                                        "--levels=cpu", "--tolerance=1", *options)
        self.length += count
        return result


@pytest.mark.parametrize("attributes", ["", ", window = 9 : i64", ", softcap = 2.0 : f32"], ids=["plain", "window", "softcap"])
@pytest.mark.parametrize("batch,length", [(1, 1), (2, 7), (3, 130)])
def test_levels(tmp_path, batch, length, attributes):
    """Graph, tile programs and compiled code agree, padding included."""
    rng = np.random.default_rng(1)
    q, k, v = tokens(rng, batch, length)
    table = rng.permutation(batch * length).reshape(batch, length).astype(np.int32)
    places, slots = np.tile(np.arange(length, dtype=np.int32), (batch, 1)), table.copy()
    if batch > 1:
        places[-1, -2:], slots[-1, -2:] = -1, -1
    states = [rng.standard_normal((batch * length, GROUPS, SIZE)).astype(np.float32) for _ in range(2)]
    results = evaluate(tmp_path, paged(attributes), [q, k, v, places, slots, table, *states], "--levels=graph,tile,cpu")
    assert len(results) == 3
    if batch > 1:
        assert not results[0][-1, -2:].any()


@pytest.mark.parametrize("attributes", ["", ", window = 50 : i64"], ids=["plain", "window"])
@pytest.mark.parametrize("pieces", [[1, 1, 1, 4], [130, 1, 1], [5, 60, 100, 1], [128, 128, 44]])
def test_pieces(tmp_path, pieces, attributes):
    """Any split gives the bits of one causal attention over all tokens, and what the slots held before does not matter."""
    rng = np.random.default_rng(2)
    q, k, v = tokens(rng, 2, sum(pieces))
    whole, = evaluate(tmp_path, causal(attributes), [q, k, v], "--levels=cpu")
    cache, start, parts = Cache(rng, 2, sum(pieces)), 0, []
    for count in pieces:
        part = slice(start, start + count)
        parts.append(cache.feed(tmp_path, paged(attributes), q[:, part], k[:, part], v[:, part]))
        start += count
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


@pytest.mark.parametrize("attributes", ["", ", window = 300 : i64", ", softcap = 2.0 : f32"], ids=["plain", "window", "softcap"])
@pytest.mark.parametrize("lengths", [(1,), (128, 129), (700, 0, 1300), (2100, 3)])
def test_parts(tmp_path, lengths, attributes):
    """A token's attention in parts gives the bits of the last row of one causal attention, for sequences of several lengths at once; a sequence
    without a token gives 0."""
    rng = np.random.default_rng(5)
    total = max(lengths)
    q, k, v = tokens(rng, len(lengths), total)
    table = rng.permutation(len(lengths) * total).reshape(len(lengths), total).astype(np.int32)
    states = [np.full((len(lengths) * total, GROUPS, SIZE), np.nan, np.float32) for _ in range(2)]
    for state, rows in zip(states, (k, v)):
        for sequence, length in enumerate(lengths):
            state[table[sequence, :length]] = rows[sequence, :length]
    last = np.array(lengths, np.int32)[:, None] - 1
    queries = np.stack([q[i, max(length - 1, 0)][None] for i, length in enumerate(lengths)])
    module = token(attributes)
    parts, = evaluate(tmp_path, module, [queries, last, table, *states], "--levels=cpu", "--tolerance=1")
    assert "split_attention" in subprocess.run([GIRIHC, str(tmp_path / "module.mlir"), "--emit=fuse"], capture_output=True, text=True).stdout
    for i, length in enumerate(lengths):
        if length == 0:
            assert not parts[i].any()
            continue
        whole, = evaluate(tmp_path, causal(attributes), [a[i:i + 1, :length] for a in (q, k, v)], "--levels=cpu", "--tolerance=1")
        np.testing.assert_array_equal(parts[i, 0].view(np.int32), whole[0, -1].view(np.int32))
    evaluate(tmp_path, module, [queries, last, table, *np.nan_to_num(states)], "--levels=graph,tile,cpu", "--tolerance=2e-6")


@pytest.mark.skipif(not LONG, reason="every length to 300; run by tools/check --long")
@pytest.mark.parametrize("length", range(1, 301, 13))
def test_every_split(tmp_path, length):
    rng = np.random.default_rng(length)
    q, k, v = tokens(rng, 1, length + 1)
    whole, = evaluate(tmp_path, causal(), [q, k, v], "--levels=cpu")
    cache = Cache(rng, 1, length + 1)
    first = cache.feed(tmp_path, paged(), q[:, :length], k[:, :length], v[:, :length])
    last = cache.feed(tmp_path, paged(), q[:, length:], k[:, length:], v[:, length:])
    np.testing.assert_array_equal(np.concatenate([first, last], axis=1), whole)
