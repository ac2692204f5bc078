"""The next token is drawn as transformers' processors filter and softmax distributes, by random numbers that are Philox's."""

import functools
import math
import os
import subprocess

import numpy as np
import pytest
import torch
from transformers.generation import logits_process as processors

EVAL = os.path.join(os.environ.get("GIRIH_BUILD", "build/dev"), "bin", "girih-eval")
NAMES = ["temperature", "top_k", "top_p", "min_p", "penalty", "seen", "seed", "step"]
PLAIN = dict(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, penalty=1.0)


def module(batch, vocabulary):
    types = {"top_k": "i32", "seed": "i32", "step": "i32", "seen": f"{vocabulary}xi8"}
    tensors = [f"tensor<{batch}x{vocabulary}xf32>"] + [f"tensor<{batch}x{types.get(name, 'f32')}>" for name in NAMES]
    arguments = ", ".join(f"%{i}: {tensor}" for i, tensor in enumerate(tensors))
    named = " ".join(f"{name} %{i + 1}" for i, name in enumerate(NAMES))
    return f"""
func.func @main({arguments}) -> tensor<{batch}xi32> attributes {{girih.entry}} {{
  %r = girih.sample %0 {named} : ({", ".join(tensors)}) -> tensor<{batch}xi32>
  return %r : tensor<{batch}xi32>
}}
"""


@pytest.fixture(params=["graph", "cpu"])
def draw(request, tmp_path):
    return functools.partial(draw_at, request.param, tmp_path)


def draw_at(level, folder, logits, seeds, steps, seen=None, **wishes):
    """One token for each seed, all from the same logits."""
    batch, vocabulary = len(seeds), len(logits)
    per_row = {name: np.full(batch, value, np.int32 if name == "top_k" else np.float32) for name, value in (PLAIN | wishes).items()}
    seen = np.zeros(vocabulary, np.int8) if seen is None else seen
    per_row |= {"seen": np.tile(seen, (batch, 1)), "seed": np.asarray(seeds, np.int32), "step": np.asarray(steps, np.int32)}
    (folder / "module.mlir").write_text(module(batch, vocabulary))
    files = []
    for name, array in [("logits", np.tile(logits, (batch, 1)))] + [(name, per_row[name]) for name in NAMES]:
        files.append(str(folder / f"{name}.npy"))
        np.save(files[-1], array)
    done = subprocess.run([EVAL, str(folder / "module.mlir"), f"--levels={level}", "--target=cpu", "--inputs=" + ",".join(files),
                           f"--output={folder}/out.npy"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return np.load(folder / "out.npy")


def filtered(logits, seen=None, **wishes):
    """The scores that transformers draws by; minus infinity where a token is dropped."""
    wishes = PLAIN | wishes
    scores = torch.tensor(logits)[None]
    tokens = torch.tensor(np.flatnonzero(seen if seen is not None else []))[None].long()
    if wishes["penalty"] != 1:
        scores = processors.RepetitionPenaltyLogitsProcessor(wishes["penalty"])(tokens, scores)
    scores = processors.TemperatureLogitsWarper(wishes["temperature"])(tokens, scores)
    if wishes["top_k"]:
        scores = processors.TopKLogitsWarper(wishes["top_k"])(tokens, scores)
    if wishes["top_p"] < 1:
        scores = processors.TopPLogitsWarper(wishes["top_p"])(tokens, scores)
    if wishes["min_p"]:
        scores = processors.MinPLogitsWarper(wishes["min_p"])(tokens, scores)
    return scores[0].double().numpy()


def bound(freedom):
    """What chi square exceeds once in 10000 (Wilson and Hilferty)."""
    part = 2 / (9 * freedom)
    return freedom * (1 - part + 3.719 * math.sqrt(part)) ** 3


WISHES = [dict(), dict(temperature=0.7), dict(top_k=7), dict(top_p=0.8), dict(min_p=0.2), dict(top_p=0.01), dict(top_k=1),
          dict(temperature=1.7, top_k=20, top_p=0.9, min_p=0.1, penalty=1.3)]


@pytest.mark.parametrize("wishes", WISHES, ids=lambda wishes: ",".join(f"{k}={v}" for k, v in wishes.items()) or "plain")
def test_distribution(draw, wishes):
    """Dropped tokens never come, the others as often as the softmax says."""
    rng, draws = np.random.default_rng(3), 6000
    logits = rng.standard_normal(40).astype(np.float32)
    seen = (rng.random(40) < 0.3).astype(np.int8)
    chosen = draw(logits, np.arange(draws), np.full(draws, 5), seen, **wishes)
    scores = filtered(logits, seen, **wishes)
    expected = np.exp(scores - scores.max())
    expected *= draws / expected.sum()
    counts = np.bincount(chosen, minlength=40)
    kept = expected > 0
    assert not counts[~kept].any()
    statistic = ((counts - expected)[kept] ** 2 / expected[kept]).sum()
    assert kept.sum() == 1 or statistic < bound(kept.sum() - 1)


def test_steps_are_independent(draw):
    """The steps of one seed distribute as its seeds do, and neither repeats the other."""
    logits, draws = np.zeros(16, np.float32), 8000
    by_step = draw(logits, np.full(draws, 11), np.arange(draws))
    by_seed = draw(logits, np.arange(draws), np.full(draws, 11))
    for chosen in (by_step, by_seed):
        counts = np.bincount(chosen, minlength=16)
        assert ((counts - draws / 16) ** 2 / (draws / 16)).sum() < bound(15)
    pairs = np.bincount(by_step[:-1] * 16 + by_step[1:], minlength=256)
    assert ((pairs - pairs.sum() / 256) ** 2 / (pairs.sum() / 256)).sum() < bound(255)
    assert abs((by_step == by_seed).mean() - 1 / 16) < 0.01


def philox(counter, key):
    """Salmon et al., SC 2011, with Python's integers."""
    counter, key = list(counter), list(key)
    for _ in range(10):
        first, second = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(second >> 32) ^ counter[1] ^ key[0], second & 0xFFFFFFFF, (first >> 32) ^ counter[3] ^ key[1], first & 0xFFFFFFFF]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return counter


def test_the_numbers_are_philox(draw):
    """With equal logits the choice is the token of the greatest number; the generator here gives the vectors published with Random123."""
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    seeds, steps = [0, 1, -1, 123456789], [0, 7, -1, 2**31 - 1]
    chosen = draw(np.zeros(100, np.float32), seeds, steps)
    for token, seed, step in zip(chosen, seeds, steps):
        numbers = [philox([t, step % 2**32, 0, 0], [seed % 2**32, 0])[0] >> 9 for t in range(100)]
        assert token == int(np.argmax(numbers))


def test_temperature_zero_is_greedy(draw):
    """The first of the greatest penalised logits, whatever else is asked; NaN counts as greatest."""
    logits = np.array([1, 3, 3, 2.5, -1], np.float32)
    seen = np.array([0, 1, 0, 0, 1], np.int8)
    assert draw(logits, [1], [0], temperature=0.0, top_p=0.1).tolist() == [1]
    assert draw(logits, [1], [0], seen, temperature=0.0, penalty=1.5).tolist() == [2]
    logits[3] = np.nan
    assert draw(logits, [1], [0], temperature=0.0).tolist() == [3]
    assert draw(logits, [1], [0], top_k=2, top_p=0.5, min_p=0.1).tolist() == [3]


def test_equal_logits_stay_together(draw):
    """Of four equal logits top_k = 2 keeps all or none, as transformers' does."""
    chosen = draw(np.array([0, 2, 2, 2, 2, 1], np.float32), np.arange(400), np.zeros(400), top_k=2)
    assert sorted(set(chosen.tolist())) == [1, 2, 3, 4]
