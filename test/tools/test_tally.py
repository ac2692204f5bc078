"""The last line of tools/check counts every runner, and a runner that dies or runs nothing is a failure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TALLY = Path(__file__).resolve().parents[2] / "tools/lib/tally.py"
JUNIT = '<testsuites><testsuite><testcase classname="a" name="ok"/>{}</testsuite></testsuites>'
FAILED = '<testcase classname="a" name="bad"><failure/></testcase>'
SKIPPED = '<testcase classname="a" name="away"><skipped/></testcase>'


def tally(folder):
    process = subprocess.run([sys.executable, TALLY, folder], capture_output=True, text=True)
    lines = process.stdout.splitlines()
    return process.returncode, lines[-1], lines


def put(folder, name, status, **reports):
    (folder / f"{name}.status").write_text(f"{status}\n")
    for suffix, text in reports.items():
        (folder / f"{name}.{suffix}").write_text(text)


def lit(*codes):
    return json.dumps({"tests": [{"name": f"t{i}", "code": code} for i, code in enumerate(codes)]})


def test_adds_all_runners(tmp_path):
    put(tmp_path, "lit-dev", 0, json=lit("PASS", "PASS", "XFAIL", "UNSUPPORTED"))
    put(tmp_path, "pytest-dev", 0, xml=JUNIT.format(SKIPPED))
    put(tmp_path, "fuzz-safetensors", 0)
    assert tally(tmp_path)[:2] == (0, "5 passed, 0 failed")


def test_failures_are_named_and_set_the_status(tmp_path):
    put(tmp_path, "lit-dev", 1, json=lit("PASS", "FAIL", "TIMEOUT", "XPASS", "UNRESOLVED"))
    put(tmp_path, "pytest-dev", 1, xml=JUNIT.format(FAILED))
    status, last, lines = tally(tmp_path)
    assert (status, last) == (1, "2 passed, 5 failed") and "  failed: a::bad" in lines and "  failed: t2" in lines


@pytest.mark.parametrize("status, reports", [
    (139, {}),                                # died before it wrote anything
    (0, {"json": "{"}),                       # died while writing
    (0, {"json": lit()}),                     # ran nothing
    (0, {"json": lit("UNSUPPORTED")}),        # skipped everything
    (2, {"json": lit("PASS")}),               # all passed, yet it says it failed
])
def test_a_runner_that_ends_badly_is_a_failure(tmp_path, status, reports):
    put(tmp_path, "lit-dev", status, **reports)
    code, last, _ = tally(tmp_path)
    assert code == 1 and last.endswith("1 failed")


def test_a_fuzzer_counts_by_its_status(tmp_path):
    put(tmp_path, "fuzz-json", 77)
    assert tally(tmp_path)[:2] == (1, "0 passed, 1 failed")


def test_nothing_ran(tmp_path):
    assert tally(tmp_path)[:2] == (1, "0 passed, 0 failed")
