"""Ten small products through SCALE-Sim itself give the cycles that Inputs/scalesim.csv has, which the systolic machine's simulator is compared
with (ScaleSimTest.cpp)."""

import csv
import os
import subprocess
from pathlib import Path

import pytest

INPUTS = Path(__file__).parent / "Inputs"
PYTHON = Path(__file__).parents[3] / "build" / "scalesim" / "bin" / "python"  # tools/check --long makes it

pytestmark = pytest.mark.skipif(not os.environ.get("GIRIH_LONG"), reason="needs SCALE-Sim's own packages; run by tools/check --long")


def smallest(count):
    """The products of fewest cycles, of every array and dataflow in turn."""
    with open(INPUTS / "scalesim.csv") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["cycles"]))
    of = {}
    for row in rows:
        of.setdefault((row["array"], row["dataflow"]), []).append(row)
    return [group[depth] for depth in range(2) for group in of.values()][:count]


@pytest.mark.parametrize("row", smallest(10), ids=lambda row: f"{row['product']} {row['dataflow']} {row['array']}".replace(" ", "-"))
def test_scalesim_still_says_so(row):
    shape = f"{row['M']}x{row['N']}x{row['K']}"
    done = subprocess.run([PYTHON, INPUTS / "run_scalesim.py", row["array"], row["dataflow"], shape], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [row["cycles"]]
