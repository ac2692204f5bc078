"""Every graph op that the machine computes gives the reference's values on presets and other machines, in bf16; every other is
refused by name."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "Reference"))
import test_levels as levels

pytestmark = levels.pytestmark
FACTS = os.path.join(os.path.dirname(__file__), "..", "..", "..", "lib", "Target", "Facts", "edge16.facts")
# Presets, and machines made of one: little of everything, no second bank of weights, an array larger than any block, several small arrays.
CHANGES = {
    "tiny": {"array_rows": 4, "array_columns": 4, "scratchpad_bytes": 131072, "accumulator_bytes": 32768, "weight_port_bytes": 8, "queue_depth": 1},
    "no-shadow": {"shadow_weights": 0, "array_rows": 8, "array_columns": 32, "weight_port_bytes": 64},
    "arrays": {"arrays": 4, "array_rows": 8, "array_columns": 8, "weight_port_bytes": 16},
    "huge": {"array_rows": 256, "array_columns": 256, "scratchpad_bytes": 8388608, "accumulator_bytes": 2097152, "weight_port_bytes": 512},
}
PRESETS = ["edge16", "edge32", "tpu-v1-like", "tpu-v5e-like", *CHANGES]
# Of an op that is refused, what the message names.
REFUSED = {"div-integers": "arith.divsi", "cast-to-integer": "arith.cmpf", "cast-to-byte": "arith.trunci",
           "cast-to-bit": "tile.store", "cast-from-bit": "tile.load", "cast": "arith.truncf", "erf": "math.erf"}  # fmt: skip
# Whole columns of 512 positions do not fit what is tiny.
TOO_LARGE = {("softmax-sequence", "tiny")}
OFTEN = {"linear", "linear-integers", "linear-integers-deep", "quantize_rows", "dequantize", "attention", "attention-causal", "layer_norm", "softmax", "gelu", "embedding", "pool-last", "transpose-last", "concat-three"}


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Targets by name."""
    folder = tmp_path_factory.mktemp("machines")
    targets = {name: f"systolic:{name}" for name in PRESETS}
    for name, changes in CHANGES.items():
        lines = [line for line in open(FACTS) if line.split(" ")[0] not in changes]
        (folder / f"{name}.facts").write_text("".join(lines) + "".join(f"{key} = {value}\n" for key, value in changes.items()))
        targets[name] = f"systolic:{folder}/{name}.facts"
    return targets


def cases():
    for case in {**levels.CASES, **levels.INTEGERS}:
        if case not in REFUSED:
            often = case in OFTEN and not os.environ.get("GIRIH_SANITIZED")
            yield from ((case, preset) for preset in PRESETS
                       if (levels.LONG or preset == "edge16" or often) and (case, preset) not in TOO_LARGE)


@pytest.mark.parametrize("case, preset", list(cases()))
def test_values(tmp_path, machines, case, preset):
    path = tmp_path / "module.mlir"
    path.write_text(levels.module(case, "bf16"))
    for batch, length in ((1, 1), (3, 7), (2, 129)) if levels.LONG and preset == "edge16" else ((2, 65),):
        levels.run(path, f"--symbols=b={batch},s={length}", "--levels=cpu", f"--target={machines[preset]}")


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path, case):
    path = tmp_path / "module.mlir"
    path.write_text(levels.module(case, "bf16"))
    done = levels.subprocess.run([levels.EVAL, path, "--symbols=b=1,s=1", "--levels=cpu", "--target=systolic:edge16"], capture_output=True, text=True)
    assert done.returncode == 1, done.stdout
    assert f"error: [compile-failed] target 'systolic:edge16' cannot compute '{REFUSED[case]}'" in done.stderr


@pytest.mark.parametrize("case, preset", TOO_LARGE)
def test_too_large(tmp_path, machines, case, preset):
    path = tmp_path / "module.mlir"
    path.write_text(levels.module(case, "bf16"))
    done = levels.subprocess.run([levels.EVAL, path, "--symbols=b=1,s=1", "--levels=cpu", f"--target={machines[preset]}"], capture_output=True, text=True)
    assert done.returncode == 1 and "choose a machine with more" in done.stderr, done.stdout + done.stderr
