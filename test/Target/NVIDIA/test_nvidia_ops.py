"""Every graph op gives the reference's values as PTX, which the tests' driver executes where there is no GPU."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "Reference"))
import test_levels as levels

pytestmark = levels.pytestmark
STUB = os.path.join(os.environ.get("GIRIH_BUILD", ""), "test", "runtime", "NVIDIA", "stub")
# Those whose kernels differ in kind: contractions, loops over keys and pages, reductions, movement.
OFTEN = {"linear", "linear-no-bias", "attention-causal", "layer_norm", "softmax", "gelu", "embedding", "concat-three", "transpose-last", "pool-last"}
CASES = levels.CASES if levels.LONG else {case: levels.CASES[case] for case in levels.CASES if case in OFTEN}


@pytest.mark.parametrize("element", ["bf16"] if os.environ.get("GIRIH_SANITIZED") else ["f32", "bf16"])
@pytest.mark.parametrize("case", CASES)
def test_values(tmp_path, monkeypatch, case, element):
    monkeypatch.setenv("LD_LIBRARY_PATH", STUB)
    monkeypatch.setenv("CUDA_STUB", "capability=80,memory=4096")
    path = tmp_path / "module.mlir"
    path.write_text(levels.module(case, element))
    levels.run(path, "--symbols=b=2,s=33", "--levels=cpu", "--target=nvidia:sm_80")


@pytest.mark.parametrize("case", [case for case in levels.INTEGERS if "linear" in case])
def test_integers_are_refused(tmp_path, case):
    """By name, before anything is written."""
    path = tmp_path / "module.mlir"
    path.write_text(levels.module(case, "bf16"))
    with pytest.raises(AssertionError, match="multiplies 8-bit integers"):
        levels.run(path, "--symbols=b=1,s=3", "--levels=cpu", "--target=nvidia:sm_80")
