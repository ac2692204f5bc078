"""The benchmark's arithmetic: medians, the ratio to the better rival, wrong answers refused, and only its own part of the page rewritten."""

import subprocess
from pathlib import Path

import bench
import numpy as np
import pytest


def engines(**medians):
    return {name: bench.quartiles([ms * 0.9, ms, ms * 1.1]) for name, ms in medians.items()}


def test_the_ratio_is_to_the_better_rival():
    assert bench.ratio(engines(girih=10.0, onnxruntime=20.0, openvino=8.0)) == pytest.approx(0.8)
    assert bench.ratio(engines(girih=10.0)) is None and bench.ratio(engines(openvino=8.0)) is None


def test_quartiles():
    q = bench.quartiles([5, 1, 3, 2, 4])
    assert (q["median_ms"], q["low_ms"], q["high_ms"], q["least_ms"], q["runs"]) == (3, 2, 4, 1, 5)


def test_a_wrong_answer_ends_the_run():
    class Wrong:
        engine = "wrong"

        def run(self, *_, **__):
            return {"values": [[1.0, 0.01]]}

    with pytest.raises(SystemExit, match="wrong answers wrongly at 1x16"):
        bench.check(Wrong(), None, 1, 16, np.array([[1.0, 0.0]]))


def test_only_the_measured_part_of_the_page_changes(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs/benchmarks.md"
    page.write_text(f"before\n{bench.BEGIN}\nold\n{bench.END}\nafter\n")
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    rows = [{"batch": 1, "seq": 16, "threads": 2, "engines": engines(girih=10.0, openvino=8.0)}]
    report = {"date": "2026-01-02", "command": "test/bench/run --write", "machine": "m", "load": 0.25, "versions": {"girih": "0.1.0"}}
    bench.write_docs(report, bench.table(rows, ["girih", "openvino"]))
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "2026-01-02 by `test/bench/run --write` on m, load average 0.2 before it began; girih 0.1.0" in text
    assert "| 1x16 | 2 | 10.00 (9.00 to 11.00) | 8.00 (7.20 to 8.80) | 0.80 |" in text


@pytest.mark.parametrize("which", [[], ["--decoders"]])
def test_help_installs_and_builds_nothing(which):
    done = subprocess.run([Path(__file__).parent / "run", *which, "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("usage: test/bench/run")
