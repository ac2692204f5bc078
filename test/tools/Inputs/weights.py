# Compiles one module with weights of several source types, packed and external, and checks results against NumPy.
import os
import subprocess
import sys

import numpy as np

folder = sys.argv[1]
rng = np.random.default_rng(1)
table = rng.standard_normal((1000, 48)).astype(np.float32)
half = rng.standard_normal((70, 48)).astype(np.float16)
brain = (rng.standard_normal((33, 70)).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
wide = rng.standard_normal(33)
offset, sources = 0, {}
with open(f"{folder}/w.bin", "wb") as f:
    for name, array, type in (("table", table, "f32"), ("half", half, "f16"), ("brain", brain, "bf16"), ("wide", wide, "f64")):
        f.write(array.tobytes())
        sources[name] = f'#girih.source<file = "w.bin", offset = {offset}, bytes = {array.nbytes}, type = {type}>'
        offset += array.nbytes
with open(f"{folder}/m.mlir", "w") as f:
    f.write(f"""
module attributes {{girih.model = "{folder}"}} {{
girih.parameter @table : tensor<1000x48xf32> {{source = {sources["table"]}}}
girih.parameter @half : tensor<70x48xf32> {{source = {sources["half"]}}}
girih.parameter @brain : tensor<33x70xf32> {{source = {sources["brain"]}}}
girih.parameter @wide : tensor<33xf32> {{source = {sources["wide"]}}}
func.func @encode(%ids: tensor<5xi32> {{girih.name = "ids", girih.range = [0, 1000]}}) -> (tensor<5x33xf32> {{girih.name = "y"}}) attributes {{girih.entry}} {{
  %t = girih.get_parameter @table : tensor<1000x48xf32>
  %h = girih.get_parameter @half : tensor<70x48xf32>
  %b = girih.get_parameter @brain : tensor<33x70xf32>
  %w = girih.get_parameter @wide : tensor<33xf32>
  %x = girih.embedding %t, %ids : (tensor<1000x48xf32>, tensor<5xi32>) -> tensor<5x48xf32>
  %u = girih.linear %x, %h : (tensor<5x48xf32>, tensor<70x48xf32>) -> tensor<5x70xf32>
  %y = girih.linear %u, %b, %w : (tensor<5x70xf32>, tensor<33x70xf32>, tensor<33xf32>) -> tensor<5x33xf32>
  return %y : tensor<5x33xf32>
}}
}}
""")
ids = np.array([0, 999, 7, 500, 1], np.int32)
np.save(f"{folder}/ids.npy", ids)
brain32 = (brain.astype(np.uint32) << 16).view(np.float32)
expected = table[ids].astype(np.float64) @ half.astype(np.float64).T @ brain32.astype(np.float64).T + wide


def compile(weights):
    path = f"{folder}/{weights}.girih"
    subprocess.run(["girihc", "-q", f"{folder}/m.mlir", f"--weights={weights}", "-o", path], check=True)
    return path


def run(path):
    return subprocess.run(["girih-run", path, f"--input=ids={folder}/ids.npy", f"--output=y={folder}/y.npy"],
                          capture_output=True, text=True)


packed, external = compile("packed"), compile("external")
with open(packed, "rb") as f:
    first = f.read()
with open(compile("packed"), "rb") as f:
    assert f.read() == first, "two compilations differ"
results = []
for path in (packed, external):
    process = run(path)
    assert process.returncode == 0, process.stderr
    results.append(np.load(f"{folder}/y.npy"))
assert np.abs(results[0] - expected).max() < 1e-5 * np.abs(expected).max(), np.abs(results[0] - expected).max()
assert (results[0] == results[1]).all()
saved = os.path.getsize(packed) - os.path.getsize(external)
assert table.nbytes - 8192 <= saved <= table.nbytes + 8192, saved
with open(f"{folder}/w.bin", "r+b") as f:
    f.seek(100)
    f.write(b"x")
process = run(external)
assert process.returncode != 0 and "changed-weights" in process.stderr, process
