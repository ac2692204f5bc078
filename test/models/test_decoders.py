"""Random small decoders of every family meet the rule of acceptance: batch 1 and 3, lengths 1, 7 and 129, f32 and, in the long run, bf16.
Through the cache they give one pass's bits."""

import os
import subprocess

import numpy as np
import pytest

import decoders

torch = pytest.importorskip("torch")

girih = pytest.importorskip("girih")
DTYPES = ["f32", "bf16"] if os.environ.get("GIRIH_LONG") else ["f32"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", [name for name in decoders.FAMILIES if name not in decoders.LONG_ONLY])
def test_logits(family, dtype, tmp_path, compiled):
    model = decoders.make(family, tmp_path)
    runner = girih.load(compiled(tmp_path, dtype))
    for batch, length in decoders.SHAPES:
        ids = decoders.inputs(model, batch, length, seed=length)
        truth, torchs = decoders.references(model, ids, dtype)
        decoders.assert_accepted(runner.logits(ids), truth, torchs, dtype)


@pytest.mark.parametrize("family", [name for name in decoders.FAMILIES if name not in decoders.LONG_ONLY])
def test_launches_of_a_token(family, tmp_path, compiled):
    """At most six launches a layer and four besides, in every family."""
    model = decoders.make(family, tmp_path)
    runner = girih.load(compiled(tmp_path, "f32"))
    session = runner.session()
    session.prefill(decoders.inputs(model, 1, 5)[0])
    session.decode(session.token)
    assert 0 < runner.statistics["launches"] <= 6 * model.config.num_hidden_layers + 4


@pytest.mark.parametrize("entry", ["logits", "loss", "prefill", "decode"])
def test_every_entry_beside_the_reference(entry, tmp_path, compiled):
    """`girih-run --compare-reference` runs entries with caches too, and names the layer whose weights differ."""
    model = decoders.make("llama", tmp_path / "a")
    command = ["girih-run", str(compiled(tmp_path / "a")), f"--entry={entry}", "--shape=batch=2,seq=9,total=9,slots=32"]
    same = subprocess.run([*command, f"--compare-reference={tmp_path / 'a'}"], capture_output=True, text=True)
    assert same.returncode == 0 and "agree with the reference" in same.stdout, same.stdout + same.stderr
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight[0] += 1
    model.save_pretrained(tmp_path / "b")
    other = subprocess.run([*command, f"--compare-reference={tmp_path / 'b'}"], capture_output=True, text=True)
    assert other.returncode == 1 and "model.layers.1.mlp.down_proj" in other.stdout + other.stderr, other.stdout + other.stderr


def test_saved_without_head(tmp_path, compiled):
    """A tied model's decoder alone has all weights, under names without the first module."""
    model = decoders.make("qwen2", tmp_path)
    model.model.save_pretrained(tmp_path)
    ids = decoders.inputs(model, 2, 9)
    truth, torchs = decoders.references(model, ids, "f32")
    decoders.assert_accepted(girih.load(compiled(tmp_path)).logits(ids), truth, torchs, "f32")


@pytest.mark.parametrize("family", ["mistral-window", "qwen2-window", "qwen3-window", "gemma2"])
def test_windows_through_the_cache(family, tmp_path, compiled):
    """A row sees the same keys whichever call brought them: prefill in any pieces, then decode, gives one pass's bits."""
    model = decoders.make(family, tmp_path)
    runner = girih.load(compiled(tmp_path), page_size=16)
    ids = decoders.inputs(model, 1, 130)[0].tolist()
    whole = runner.logits([ids])[0]
    for splits in [(1, 2, 40), (20, 21, 22), (33, 64, 65, 128), (129,)]:
        session = runner.session()
        for begin, end in zip((0, *splits), (*splits, len(ids))):
            logits = session.decode(ids[begin]) if end == begin + 1 else session.prefill(ids[begin:end])
            np.testing.assert_array_equal(logits.view(np.int32), whole[end - 1].view(np.int32))
