"""tools/quickstart ends with embeddings, an answer and measured numbers; called again it rebuilds nothing and answers within seconds."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def quickstart():
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    begin = time.monotonic()
    result = subprocess.run([ROOT / "tools/quickstart"], capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout, time.monotonic() - begin


@pytest.mark.skipif(os.environ.get("GIRIH_CAMPAIGN") != "quickstart", reason="builds in release; run by tools/check --campaign quickstart")
def test_quickstart_twice():
    first, _ = quickstart()
    assert re.search(r"^MiniLM compiled for this CPU in \d+\.\d+ s.*: build/quickstart/minilm.girih, \d+\.\d MB$", first, re.M)
    similar = [[float(x) for x in row.split()] for row in re.findall(r"^  \d .*?((?: +-?\d\.\d\d){5})$", first, re.M)]
    assert len(similar) == 5 and all(similar[i][i] == 1 for i in range(5))
    assert similar[0][1] == max(similar[0][1:]) > 0.5
    assert re.search(r"^\d+\.\d\d ms a sentence, 30 at once of \d+ tokens on \d+ threads; \d+ GFLOP/s, \d+% of this machine's measured FMA peak$", first, re.M)
    assert re.search(r"^SmolLM2-135M-Instruct.Q4_1 compiled for this CPU in \d+\.\d+ s.*: build/quickstart/smollm2.girih, \d+\.\d MB$", first, re.M)
    question, answer, told = re.search(r"^> (.*)\n((?:.*\n)+)(prompt of .*)$", first, re.M).groups()
    assert "cats" in question and "cat" in answer.lower() and len(answer.split()) > 10
    assert re.fullmatch(r"prompt of \d+ tokens at \d+ tokens/s, \d+ more at \d+\.\d tokens/s: \d+\.\d GB/s, \d+% of this machine's measured memory "
                        r"bandwidth of \d+\.\d GB/s", told)

    second, seconds = quickstart()
    assert "Installing" not in second and "Building" not in second and "Configuring" not in second
    assert "(an earlier run)" in second and seconds < 30
