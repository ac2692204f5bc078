"""girih.compile: errors carry stable codes, the output is whole or absent, Ctrl-C stops it, options reach the artifact."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import girih
import numpy as np
import pytest
from small_bert import make_bert


def test_limits_reach_the_artifact(bert, tmp_path):
    girih.compile(bert[0], tmp_path / "small.girih", max_seq_len=16, max_batch=2)
    model = girih.load(tmp_path / "small.girih")
    assert model.limits["seq"][1] == 16 and model.limits["batch"][1] == 2
    with pytest.raises(girih.Error) as caught:
        model.encode([[2, 3]] * 3)
    assert caught.value.code == "size-out-of-bounds"


def test_paths_may_be_text_or_path_objects(bert, tmp_path, monkeypatch):
    """And twice the same model gives the same bytes, the machine code anew."""
    monkeypatch.delenv("GIRIH_CODE_CACHE", raising=False)
    girih.compile(str(bert[0]), str(tmp_path / "a.girih"))
    girih.compile(bert[0], tmp_path / "b.girih")
    assert (tmp_path / "a.girih").read_bytes() == (tmp_path / "b.girih").read_bytes()


def test_a_model_that_is_not_there(tmp_path):
    with pytest.raises(girih.Error) as caught:
        girih.compile(tmp_path / "nowhere", tmp_path / "out.girih")
    assert caught.value.code == "missing-file" and caught.value.status == 3 and "nowhere" in str(caught.value)


def test_an_unknown_configuration_key_is_named(tmp_path):
    make_bert(tmp_path / "bert")
    config = tmp_path / "bert/config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "frobnicate_attention": True}))
    with pytest.raises(girih.Error) as caught:
        girih.compile(tmp_path / "bert", tmp_path / "out.girih")
    assert caught.value.code == "unknown-config-key" and "frobnicate_attention" in str(caught.value)
    assert not (tmp_path / "out.girih").exists()


@pytest.mark.parametrize("options", [{"dtype": "f8"}, {"target": "abacus"}, {"weights": "none"}, {"contract": "loose"}])
def test_unknown_options_are_refused(bert, tmp_path, options):
    with pytest.raises(girih.Error) as caught:
        girih.compile(bert[0], tmp_path / "out.girih", **options)
    assert caught.value.status in (1, 2) and next(iter(options.values())) in str(caught.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("options, message", [
    ({"max_seq_len": 0}, "expected max_seq_len to be an integer of at least 1, but got 0"),
    ({"max_batch": -1}, "at least 1"),
    ({"max_batch": 2.5}, "an integer of at least 1, but got 2.5"),
    ({"dtype": np.float32}, "expected dtype to be a string such as 'f32', but got <class 'numpy.float32'>"),
])
def test_arguments_that_no_model_could_take(bert, tmp_path, options, message):
    with pytest.raises(girih.ArgumentError, match=message) as caught:
        girih.compile(bert[0], tmp_path / "out.girih", **options)
    assert isinstance(caught.value, ValueError) and caught.value.code == "invalid-argument"


def test_a_directory_that_cannot_be_written(bert, tmp_path):
    with pytest.raises(girih.Error) as caught:
        girih.compile(bert[0], tmp_path / "absent/out.girih")
    assert "absent" in str(caught.value)


def test_errors_survive_pickling():
    error = pickle.loads(pickle.dumps(girih.Error("expected a, but found b", "shape-mismatch", 3)))
    assert (error.code, error.status, str(error)) == ("shape-mismatch", 3, "[shape-mismatch] expected a, but found b")


def test_other_threads_run_while_compiling(bert, tmp_path):
    """The GIL is released: this thread counts while another compiles."""
    worker = threading.Thread(target=girih.compile, args=(bert[0], tmp_path / "out.girih"))
    worker.start()
    ticks = 0
    while worker.is_alive():
        ticks += 1
        time.sleep(0.001)
    worker.join()
    assert ticks > 5 and (tmp_path / "out.girih").exists()


def test_interrupting_leaves_nothing_behind(tmp_path):
    """SIGINT while a larger model compiles: KeyboardInterrupt, and no file, half or whole."""
    make_bert(tmp_path / "bert", num_hidden_layers=8, hidden_size=768, num_attention_heads=12, intermediate_size=3072)
    out = tmp_path / "out"
    out.mkdir()
    program = f"""
import girih, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
try:
    while True:
        girih.compile({str(tmp_path / 'bert')!r}, {str(out / 'm.girih')!r})
        import os; os.unlink({str(out / 'm.girih')!r})
except KeyboardInterrupt:
    sys.exit(77)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 77
    assert os.listdir(out) in ([], ["m.girih"])
    if os.listdir(out):  # it had just become whole
        assert np.isfinite(girih.load(out / "m.girih").encode([[2, 3]])).all()
