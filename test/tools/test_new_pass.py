"""tools/new-pass refuses names that would break the rule of four spellings, and touches nothing when it refuses. That what it makes
compiles and passes is shown by the tutorial "add a pass"."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("arguments, message", [
    (["Nowhere", "PackOperands", "packs"], "expected a room of lib/ with passes"),
    (["Artifact", "pack", "packs"], "a verb and an object"),
    (["Artifact", "CountWork", "counts"], "exists already"),
    (["Artifact", "CountAll", "Counts."], "without a final period"),
])
def test_refusals(arguments, message):
    before = (ROOT / "lib/Artifact/Passes.td").read_text()
    result = subprocess.run([ROOT / "tools/new-pass", *arguments], capture_output=True, text=True)
    assert result.returncode == 1 and message in result.stderr
    assert (ROOT / "lib/Artifact/Passes.td").read_text() == before
