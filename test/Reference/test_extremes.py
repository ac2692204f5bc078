"""Functions hold at the ends of f32: zeros of both signs, denormals, arguments where exponentials overflow and underflow, infinities and
NaN. Every element of compiled code is within a few ulps of the f64 function, relative to itself and not to the greatest."""

import os
import shutil
import subprocess

import numpy as np
import pytest

torch = pytest.importorskip("torch")

EVAL = shutil.which("girih-eval", path=os.path.join(os.environ.get("GIRIH_BUILD", ""), "bin") + os.pathsep + os.environ["PATH"])
F = torch.nn.functional
ENDS = [0.0, 1e-45, 1e-39, 1.2e-38, 1e-30, 1e-10, 1e-4, 0.3, 0.9, 1, 4, 8.9, 9.1, 17, 88.7, 88.8, 90, 104, 1e4, 1e30, 3.4e38, np.inf, np.nan]
# Name: function in f64, allowed ulps, allowed absolute error where the function vanishes.
FUNCTIONS = {
    "exp": (torch.exp, 4, 1e-38),
    "tanh": (torch.tanh, 8, 1e-38),
    "sigmoid": (torch.sigmoid, 8, 1e-37),
    "erf": (torch.erf, 8, 1e-38),
    "silu": (F.silu, 8, 1e-35),
    "gelu": (F.gelu, 8, 1e-6),  # x * (1 + erf(x / sqrt 2)) / 2 cancels below -3
    "gelu approximate tanh": (lambda x: F.gelu(x, approximate="tanh"), 8, 1e-6),
    "relu": (torch.relu, 0, 0),
    "sqrt": (torch.sqrt, 1, 1e-38),
    "rsqrt": (torch.rsqrt, 4, 0),
    "reciprocal": (torch.reciprocal, 1, 1e-38),
    "neg": (torch.neg, 0, 0),
}


def evaluate(tmp_path, text, inputs, level):
    path = tmp_path / "module.mlir"
    path.write_text(text)
    for i, value in enumerate(inputs):
        np.save(tmp_path / f"{i}.npy", value)
    names = ",".join(str(tmp_path / f"{i}.npy") for i in range(len(inputs)))
    command = [EVAL, str(path), f"--inputs={names}", f"--levels={level}", f"--output={tmp_path / 'out.npy'}", "--tolerance=1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "result 0" in done.stdout, done.stdout + done.stderr
    return np.load(tmp_path / "out.npy").astype(np.float64)


@pytest.mark.parametrize("level", ["tile", "cpu"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(tmp_path, name, level):
    random = np.random.default_rng(3).standard_normal(4096) * 10.0 ** np.random.default_rng(4).uniform(-8, 2, 4096)
    x = np.concatenate([ENDS, np.negative(ENDS), random]).astype(np.float32)
    op, _, rest = name.partition(" ")
    type = f"tensor<{len(x)}xf32>"
    text = f"""func.func @main(%x: {type}) -> {type} attributes {{girih.entry}} {{
  %y = girih.{op} %x {rest} : ({type}) -> {type}
  return %y : {type}
}}
"""
    actual = evaluate(tmp_path, text, [x], level)
    function, ulps, absolute = FUNCTIONS[name]
    with np.errstate(over="ignore"):
        exact = function(torch.from_numpy(x).double()).numpy()
        expected = exact.astype(np.float32)
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected), err_msg=str(x[np.isnan(actual) != np.isnan(expected)]))
    # Just below the greatest number either side of infinity will do.
    limit = np.isinf(expected) | np.isinf(actual)
    close = np.abs(exact[limit]) > 3.4e38
    np.testing.assert_array_equal(np.isinf(actual[limit]) | close, True, err_msg=str(x[limit]))
    rest = ~limit & ~np.isnan(expected)
    error = np.abs(actual[rest] - exact[rest])
    allowed = ulps * np.spacing(np.abs(expected[rest])).astype(np.float64) + absolute
    worst = np.argmax(error - allowed)
    assert (error <= allowed).all(), f"{name}({x[rest][worst]!r}) = {actual[rest][worst]!r}, expected {exact[rest][worst]!r}"


@pytest.mark.parametrize("level", ["tile", "cpu"])
def test_softmax_of_large_and_minus_infinity(tmp_path, level):
    x = np.array([[1e30, -1e30, 0, 1e30], [-np.inf, 0, 1, -np.inf], [-1e4, -1e4, -1e4 - 80, -1e4 - 120]], np.float32)
    text = """func.func @main(%x: tensor<3x4xf32>) -> tensor<3x4xf32> attributes {girih.entry} {
  %y = girih.softmax %x {axis = 1 : i64} : (tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}
"""
    expected = torch.from_numpy(x).double().softmax(-1).numpy()
    np.testing.assert_allclose(evaluate(tmp_path, text, [x], level), expected, rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("level", ["tile", "cpu"])
def test_masked_keys_may_hold_anything(tmp_path, level):
    """What a mask hides never shows: scores of masked keys are huge, and a row may attend to nothing."""
    rng = np.random.default_rng(5)
    q, k, v = (rng.standard_normal((2, 70, 2, 16)).astype(np.float32) for _ in range(3))
    mask = (rng.random((2, 70)) < 0.5).astype(np.int32)
    mask[1] = 0
    hidden = (mask == 0)[:, :, None, None]
    type = "tensor<2x70x2x16xf32>"
    text = f"""func.func @main(%q: {type}, %k: {type}, %v: {type}, %m: tensor<2x70xi32>) -> {type} attributes {{girih.entry}} {{
  %y = girih.attention %q, %k, %v mask %m {{scale = 0.25 : f32}} : ({type}, {type}, {type}, tensor<2x70xi32>) -> {type}
  return %y : {type}
}}
"""
    plain = evaluate(tmp_path, text, [q, k, v, mask], level)
    loud = evaluate(tmp_path, text, [q, np.where(hidden, np.float32(1e18), k), v, mask], level)
    np.testing.assert_array_equal(plain, loud)
    assert (plain[1] == 0).all()
