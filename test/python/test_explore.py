"""`girih explore`: a table, JSON and a plot of what a model costs on machines whose facts are swept; time alone gives the cycles that a
run with data takes; what is refused is a row with its reason."""

import json
import subprocess
import sys
import xml.dom.minidom

import girih
import numpy as np
import pytest


def explore(*arguments, status=0):
    done = subprocess.run([sys.executable, "-m", "girih.cli", "explore", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status in (0, 1) else done.stderr


def test_table_and_plot(bert, tmp_path):
    text = explore(bert[0], "--machine=edge16", "--sweep=array=8,16", "--sweep=dram=8,32", "--shape=batch=2,seq=24", f"--plot={tmp_path}/plot.svg")
    rows = [line.split() for line in text.splitlines()]
    assert rows[0][:3] == ["array", "dram", "cycles"] and [row[:2] for row in rows[1:]] == [["8", "8"], ["8", "32"], ["16", "8"], ["16", "32"]]
    cycles = [int(row[2].replace(",", "")) for row in rows[1:]]
    assert cycles[0] >= cycles[1] and cycles[2] >= cycles[3] and cycles[1] > cycles[3]  # faster memory, a larger array
    assert len(xml.dom.minidom.parse(str(tmp_path / "plot.svg")).getElementsByTagName("path")) == 4 * (1 + 2)


def test_time_alone_takes_the_same_cycles(bert, tmp_path):
    (point,) = json.loads(explore(bert[0], "--machine=edge16", "--sweep=queue_depth=8", "--shape=batch=1,seq=9", "--json"))["points"]
    girih.compile(bert[0], tmp_path / "bert.girih", target="systolic:edge16", dtype="bf16")
    model = girih.load(tmp_path / "bert.girih")
    model.encode(np.zeros((1, 9), np.int32))
    report = json.loads(model._handle.machine_report())
    assert report["all"]["cycles"] == point["cycles"] > 0
    assert sum(layer["cycles"] for layer in report["layers"]) == report["all"]["cycles"]


def test_integers_take_fewer_cycles(tmp_path):
    """No weights are read: a config is enough."""
    config = {"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 256, "num_hidden_layers": 1, "num_attention_heads": 4,
              "intermediate_size": 1024, "vocab_size": 100, "max_position_embeddings": 64}
    (tmp_path / "config.json").write_text(json.dumps(config))
    sweep = ("--machine=edge32", "--sweep=queue_depth=8", "--shape=batch=1,seq=64", "--json")
    floats, integers = (json.loads(explore(tmp_path, f"--dtype={dtype}", *sweep))["points"][0] for dtype in ("bf16", "int8"))
    assert integers["cycles"] < 0.75 * floats["cycles"]


def test_a_machine_too_small_is_a_row(bert):
    small, large = json.loads(explore(bert[0], "--machine=edge16", "--sweep=scratchpad_bytes=4096,262144", "--json"))["points"]
    assert "choose a machine with more" in small["refused"] and "embeddings" in small["refused"] and large["cycles"] > 0
    assert "refused" in explore(bert[0], "--machine=edge16", "--sweep=scratchpad_bytes=4096", status=1)


@pytest.mark.parametrize("arguments, message", [
    (["--sweep=x"], "expected FACT=V,V,... with numbers"),
    (["--sweep=nothing=1"], "expected --sweep to name array, dram or a fact of edge32, but got 'nothing'"),
    (["--sweep=array=8", "--machine=none"], "none"),
    (["--sweep=array=8", "--shape=length=3"], "expected --shape to name one of batch, seq, but got 'length'"),
])  # fmt: skip
def test_bad_arguments(bert, arguments, message):
    assert message in explore(bert[0], *arguments, status=2)
