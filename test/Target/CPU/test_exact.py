"""Under the contract `exact` a linear layer's sum over K is one chain of fused multiply-adds in f32, to the bit; under `stable` it is not,
once K is longer than a block."""

import ctypes
import os
import shutil
import subprocess

import numpy as np
import pytest

PATH = os.path.join(os.environ.get("GIRIH_BUILD", ""), "bin") + os.pathsep + os.environ["PATH"]
COMPILER, RUN = shutil.which("girihc", path=PATH), shutil.which("girih-run", path=PATH)
pytestmark = pytest.mark.skipif(not COMPILER or not RUN, reason="needs girihc and girih-run")

fma = ctypes.CDLL("libm.so.6").fmaf
fma.argtypes, fma.restype = [ctypes.c_float] * 3, ctypes.c_float


def chain(x, w):
    """The straightforward sum: in order of K, from 0, each step rounded once."""
    result = np.zeros((len(x), len(w)), np.float32)
    for i, row in enumerate(x):
        for j, column in enumerate(w):
            total = 0.0
            for a, b in zip(row, column):
                total = fma(a, b, total)
            result[i, j] = total
    return result


def compiled(folder, contract, x, w):
    (m, k), n = x.shape, len(w)
    types = f"tensor<{m}x{k}xf32>, tensor<{n}x{k}xf32>"
    (folder / "m.mlir").write_text(f"""module attributes {{girih.contract = "{contract}"}} {{
      func.func @f(%x: tensor<{m}x{k}xf32> {{girih.name = "x"}}, %w: tensor<{n}x{k}xf32> {{girih.name = "w"}})
          -> (tensor<{m}x{n}xf32> {{girih.name = "y"}}) attributes {{girih.entry}} {{
        %0 = girih.linear %x, %w : ({types}) -> tensor<{m}x{n}xf32>
        return %0 : tensor<{m}x{n}xf32>
      }}
    }}""")
    subprocess.run([COMPILER, "-q", folder / "m.mlir", "-o", folder / "m.girih"], check=True)
    np.save(folder / "x.npy", x)
    np.save(folder / "w.npy", w)
    subprocess.run([RUN, folder / "m.girih", f"--input=x={folder / 'x.npy'}", f"--input=w={folder / 'w.npy'}", f"--output=y={folder / 'y.npy'}"], check=True)
    return np.load(folder / "y.npy")


@pytest.mark.parametrize("m, n, k", [(1, 5, 300), (3, 50, 600)])
def test_the_sum_is_one_chain(tmp_path, m, n, k):
    random = np.random.default_rng(k)
    x, w = (random.standard_normal((rows, k), dtype=np.float32) for rows in (m, n))
    expected = chain(x, w)
    assert (compiled(tmp_path, "exact", x, w) == expected).all()
    assert (compiled(tmp_path, "stable", x, w) != expected).any()
