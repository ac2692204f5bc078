"""Models whose linear layers multiply 8-bit integers, on the systolic machine: the rule of acceptance against the same arithmetic in torch, and the real
MiniLM's embeddings, with units for each row and with calibrated ones."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import decoders
import encoders
import integers
import test_minilm

girih = pytest.importorskip("girih")
transformers = pytest.importorskip("transformers")
rows, expected = test_minilm.rows, test_minilm.expected
LONG, SANITIZED = bool(os.environ.get("GIRIH_LONG")), bool(os.environ.get("GIRIH_SANITIZED"))


def compiled(directory, artifact, machine="edge16", **options):
    girih.compile(directory, artifact, target=f"systolic:{machine}", dtype="int8", **options)
    return girih.load(artifact)


@pytest.mark.parametrize("machine", ["edge16", "tpu-v5e-like"] if LONG else ["edge16"])
@pytest.mark.parametrize("family", encoders.FAMILIES if LONG else ["bert", "distilbert"])
@pytest.mark.parametrize("calibrated", [False, True])
def test_hidden_states(family, calibrated, machine, tmp_path):
    model = encoders.make(family, tmp_path)
    shapes = encoders.SHAPES if LONG else [(1, 1), (3, 7), (1, 129)]
    inputs = [encoders.inputs(model, batch, length, seed=length) for batch, length in shapes]
    ranges = integers.ranges_of(model, *(dict(input_ids=ids, attention_mask=mask) for ids, mask in inputs)) if calibrated else None
    options = {"calibrate": integers.write_ranges(ranges, tmp_path / "ranges.txt")} if calibrated else {}
    runner = compiled(tmp_path, tmp_path / "model.girih", machine, **options)
    integers.quantize(model, ranges)
    for ids, mask in inputs:
        truth, torchs = encoders.references(model, ids, mask, "bf16")
        encoders.assert_accepted(runner.encode(ids, mask), truth, torchs, "bf16")


@pytest.mark.parametrize("family", ["llama-biases", "qwen3-window", "phi3", "gemma2", "gpt2"] if LONG else ["llama", "gpt2"])
def test_logits(family, tmp_path):
    """In one pass, and through the cache."""
    model = decoders.make(family, tmp_path)
    runner = compiled(tmp_path, tmp_path / "model.girih")
    integers.quantize(model)
    for batch, length in [(1, 1), (3, 7), (1, 129)]:
        ids = decoders.inputs(model, batch, length, seed=length)
        truth, torchs = decoders.references(model, ids, "bf16")
        decoders.assert_accepted(runner.logits(ids), truth, torchs, "bf16")
        session, begin = runner.session(), max(1, length - 3)
        steps = np.array([session.prefill(ids[0, :begin])] + [session.decode(token) for token in ids[0, begin:]])
        decoders.assert_accepted(steps, truth[0, begin - 1:], torchs[0, begin - 1:], "bf16")


@pytest.fixture(scope="module")
def ranges(minilm, rows, tmp_path_factory):
    """What girih calibrate finds with a text."""
    folder = tmp_path_factory.mktemp("ranges")
    (folder / "text.txt").write_text("\n".join(" ".join(test_minilm.WORDS[i:i + 30]) for i in range(0, 120, 7)))
    found = girih.calibrate(minilm, folder / "text.txt", folder / "ranges.txt")
    return folder / "text.txt", folder / "ranges.txt", found


@pytest.mark.parametrize("calibrated", [False, True])
def test_minilm_of_real_weights(minilm, rows, expected, ranges, calibrated, tmp_path):
    """A cosine of 0.995 at least on fifty sentences of 1 to 256 tokens; on some in the short runs. One unit for a whole tensor costs more: in torch the
    least of the same arithmetic is 0.982."""
    runner = compiled(minilm, tmp_path / "minilm.girih", "edge32", **({"calibrate": ranges[1]} if calibrated else {}))
    chosen = range(50) if LONG else range(2) if SANITIZED else range(0, 50, 7)
    ours = np.concatenate([runner.encode(*test_minilm.pad([rows[i]])) for i in chosen])
    assert test_minilm.cosines(ours, expected[list(chosen)]).min() >= (0.975 if calibrated else 0.995)


def test_calibration_sees_what_torch_sees(minilm, ranges):
    text, _, found = ranges
    model = transformers.AutoModel.from_pretrained(minilm).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(minilm)
    batch = tokenizer(text.read_text().splitlines(), padding=True, truncation=True, max_length=256, return_tensors="np")
    alone = [dict(input_ids=batch["input_ids"][i:i + 1, :n], attention_mask=batch["attention_mask"][i:i + 1, :n])
             for i, n in enumerate(batch["attention_mask"].sum(1))]
    theirs = {name: value for name, value in integers.ranges_of(model, *alone).items() if not name.startswith("pooler")}
    assert set(found) == set(theirs)
    for name, value in theirs.items():
        assert found[name] == pytest.approx(value, rel=1e-4, abs=1e-4), name


def test_a_text_and_its_ranges_make_the_same_artifact(minilm, ranges, tmp_path):
    text, file, _ = ranges
    for name, calibrate in (("text", text), ("ranges", file)):
        girih.compile(minilm, tmp_path / name, target="systolic:edge32", dtype="int8", calibrate=calibrate)
    assert (tmp_path / "text").read_bytes() == (tmp_path / "ranges").read_bytes()


def test_weights_are_half_of_bf16s(tmp_path):
    encoders.make("bert", tmp_path, hidden_size=96, intermediate_size=384)
    sizes = {dtype: girih.compile(tmp_path, tmp_path / f"{dtype}.girih", target="systolic:edge16", dtype=dtype).weight_bytes for dtype in ("bf16", "int8")}
    layers = 3 * (4 * 96 * 96 + 2 * 96 * 384)
    channels = 3 * (4 * 96 + 384 + 96)
    assert sizes["bf16"] - sizes["int8"] == pytest.approx(layers - 8 * channels, abs=64 * 60)  # weights are aligned


#===- What is refused ------------------------------------------------------------------------------------------===#

def refusal(*arguments, **options):
    with pytest.raises(girih.Error) as caught:
        girih.compile(*arguments, **options)
    return str(caught.value)


def test_a_cpu_has_no_integers(tmp_path):
    encoders.make("bert", tmp_path)
    message = refusal(tmp_path, tmp_path / "out.girih", target="cpu", dtype="int8")
    assert "a CPU's kernels multiply no 8-bit integers; expected --dtype=f32 or bf16, or a systolic target" in message


def test_a_machine_without_integers(tmp_path):
    encoders.make("bert", tmp_path)
    facts = open(os.path.join(os.path.dirname(__file__), "../../lib/Target/Facts/edge16.facts")).read()
    (tmp_path / "floats.facts").write_text(facts.replace("matmul_cycles_i8 = 1", "matmul_cycles_i8 = 0"))
    message = refusal(tmp_path, tmp_path / "out.girih", target=f"systolic:{tmp_path}/floats.facts", dtype="int8")
    assert "multiply no 8-bit integers; expected --dtype=bf16, or a machine whose facts give matmul_cycles_i8" in message


@pytest.mark.parametrize("line, message", [
    ("encoder.layer.0 x 1", "expected a layer's name and two numbers, the least first, in line 2"),
    ("encoder.layer.0 1", "expected a layer's name and two numbers, the least first, in line 2"),
    ("encoder.layer.0 2 1", "expected a layer's name and two numbers, the least first, in line 2"),
    ("encoder.layer.0 nan 1", "expected a layer's name and two numbers, the least first, in line 2"),
    ("encoder.layer.0 0 1e39", "expected a layer's name and two numbers, the least first, in line 2"),
    ("two words 0 1", "expected a layer's name and two numbers, the least first, in line 2"),
    ("encoder.layer.0 0 1", "expected the calibration to have a range for 'encoder.layer.0.attention.self.query' but it has none"),
])  # fmt: skip
def test_bad_ranges(line, message, tmp_path):
    encoders.make("bert", tmp_path)
    (tmp_path / "ranges.txt").write_text(f"# girih ranges\n{line}\n")
    assert message in refusal(tmp_path, tmp_path / "out.girih", target="systolic:edge16", dtype="int8", calibrate=tmp_path / "ranges.txt")


def test_calibration_is_for_integers(tmp_path):
    assert "expected dtype to be 'int8' with calibrate" in refusal(tmp_path, tmp_path / "o", dtype="bf16", calibrate=tmp_path / "r")


#===- Commands -------------------------------------------------------------------------------------------------===#

def run(*arguments, status=0):
    done = subprocess.run([sys.executable, "-m", "girih.cli", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


def test_commands(minilm, ranges, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text, file, found = ranges
    assert run("calibrate", minilm, "--file", text, "-o", tmp_path / "again.txt") == f"{len(found)} layers: {tmp_path / 'again.txt'}\n"
    assert (tmp_path / "again.txt").read_text() == file.read_text()
    vectors = [json.loads(run("embed", minilm, "--target=systolic:edge32", "--dtype=int8", *options, "--text=A cat purrs.", "--json"))[0]["vector"]
               for options in ([], [f"--calibrate={file}"])]
    assert 0.97 < np.dot(*vectors) < 1  # two ways to quantize, so two artifacts
    assert len(list((tmp_path / "girih").glob("*.girih"))) == 2


@pytest.mark.parametrize("calibrated", [False, True])
def test_the_reference_agrees(calibrated, tmp_path):
    """Layer by layer."""
    model = encoders.make("bert", tmp_path)
    ids, mask = encoders.inputs(model, 2, 9)
    ranges = integers.write_ranges(integers.ranges_of(model, dict(input_ids=ids, attention_mask=mask)), tmp_path / "ranges.txt")
    options, flags = ({"calibrate": ranges}, [f"--calibrate={ranges}"]) if calibrated else ({}, [])
    compiled(tmp_path, tmp_path / "model.girih", **options)
    done = subprocess.run(["girih-run", tmp_path / "model.girih", f"--compare-reference={tmp_path}", "--shape=batch=2,seq=9", *flags], capture_output=True, text=True)
    assert done.returncode == 0 and "agree with the reference" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("content, message", [(b"", "expected a text of at least a line to calibrate with"), (b"\xff\xfe", "expected UTF-8 in"),
                                              (None, "cannot read")])
def test_bad_texts(minilm, content, message, tmp_path):
    if content is not None:
        (tmp_path / "text").write_bytes(content)
    assert message in run("calibrate", minilm, "--file", tmp_path / "text", "-o", tmp_path / "ranges.txt", status=3)
    assert not (tmp_path / "ranges.txt").exists()
