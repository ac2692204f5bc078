"""Compiled code multiplies with quantized weights and looks up their rows as the reference does, for few rows and many: where scales
multiply elements, to the bit as the tile program does; where they multiply the sums of blocks, with the same bits for any number of
rows, and no worse than a product in f32. 16-bit weights likewise."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

PATH = os.path.join(os.environ.get("GIRIH_BUILD", ""), "bin") + os.pathsep + os.environ["PATH"]
EVAL, COMPILER, RUN = (shutil.which(name, path=PATH) for name in ("girih-eval", "girihc", "girih-run"))
pytestmark = pytest.mark.skipif(not (EVAL and COMPILER and RUN), reason="needs girih-eval, girihc and girih-run")

LONG = os.environ.get("GIRIH_LONG") == "1"
# Elements and bytes of a block, and the places of its f16 numbers.
BLOCKS = {"q4_0": (32, 18, [0]), "q4_1": (32, 20, [0, 2]), "q5_0": (32, 22, [0]), "q5_1": (32, 24, [0, 2]), "q8_0": (32, 34, [0]),
          "q4_k": (256, 144, [0, 2]), "q6_k": (256, 210, [208])}  # fmt: skip
# As a file's blocks have them, minima take the middle of the integers to about zero.
MIDDLES = {"q4_1": np.float16(8), "q5_1": np.float16(16)}
COLUMNS = 100  # two panels and a piece of a third


def weights(name, rows, columns):
    """Random blocks with scales between 2^-10 and 1; or random elements."""
    rng = np.random.default_rng(3)
    if name not in BLOCKS:
        bits = rng.standard_normal((rows, columns)).astype(np.float32).view(np.uint32)
        return (bits >> 16).astype(np.uint16) if name == "bf16" else bits.view(np.float32).astype(name.replace("f", "float"))
    elements, size, halves = BLOCKS[name]
    blocks = rng.integers(0, 256, (rows, columns // elements, size), dtype=np.uint8)
    for at in halves:
        scales = (2.0 ** rng.uniform(-10, 0, blocks.shape[:2]) * rng.choice([-1, 1], blocks.shape[:2])).astype(np.float16)
        if at and name in MIDDLES:
            scales = -MIDDLES[name] * blocks[:, :, :2].copy().view(np.float16)[..., 0]
        blocks[:, :, at : at + 2] = scales[..., None].view(np.uint8)
    return blocks


def module(folder, name, depth, op):
    data = weights(name, COLUMNS, depth)
    (folder / "weights.bin").write_bytes(data.tobytes())
    quantized = name in BLOCKS
    kind = f"tensor<{COLUMNS}x{depth}xf32, #girih.blocks<{name}>>" if quantized else f"tensor<{COLUMNS}x{depth}x{name}>"
    source = f'file = "weights.bin", offset = 0, bytes = {data.nbytes}, type = {"f32, format = " + name if quantized else name}'
    rows, ids = f'tensor<?x{depth}xf32, #girih.dims<"rows">>', 'tensor<?xi32, #girih.dims<"rows">>'
    wide = f'tensor<?x{COLUMNS}xf32, #girih.dims<"rows">>'
    element = rows if quantized else rows.replace("xf32", f"x{name}")
    linear = f"%0 = girih.linear %x, %w {{compute = f32}} : ({rows}, {kind}) -> {wide}"
    embed = f"%1 = girih.embedding %w, %i : ({kind}, {ids}) -> {element}"
    lines, results, types = {"linear": ([linear], "%0", wide), "embedding": ([embed], "%1", element),
                             "tied": ([linear, embed], "%0, %1", f"{wide}, {element}")}[op]  # fmt: skip
    path = folder / "module.mlir"
    body = "\n    ".join(lines)
    path.write_text(f"""
module attributes {{girih.model = "{folder}"}} {{
  girih.symbol @rows {{min = 1 : i64, max = 512 : i64}}
  girih.parameter @w : {kind} {{source = #girih.source<{source}>}}
  func.func @main(%x: {rows}, %i: {ids} {{girih.range = [0, {COLUMNS}]}}) -> ({types}) attributes {{girih.entry}} {{
    %w = girih.get_parameter @w : {kind}
    {body}
    return {results} : {types}
  }}
}}
""")
    return path


def run(path, *options):
    done = subprocess.run([EVAL, str(path), *options], capture_output=True, text=True)
    assert done.returncode == 0, path.read_text() + done.stdout + done.stderr


def depth_of(name):
    return 512 if name.endswith("_k") else 288


# Seven rows are four, two and one; seventy are more than a block.
ROWS = (1, 2, 3, 7, 8, 77) if LONG else (1, 7, 70)


CASES = [(name, op) for name in [*BLOCKS, "f16", "bf16"] for op in ("linear", "embedding", "tied")]


@pytest.mark.parametrize("name, op", CASES if LONG else [(name, "embedding") for name in BLOCKS] + [("q4_1", "linear"), ("q6_k", "tied")])
def test_against_the_reference(tmp_path, name, op):
    path = module(tmp_path, name, depth_of(name), op)
    run(path, "--symbols=rows=7", "--levels=graph,tile,cpu")


VERSIONS = ["x86-64-v3", *(["x86-64-v4"] if "avx512vl" in Path("/proc/cpuinfo").read_text() else [])]


# Where scales multiply sums, the tile program's order is not theirs.
ORDERED = [(name, version) for version in VERSIONS for name in [*BLOCKS, "f16", "bf16", "f32"] if not (name in BLOCKS and version == "x86-64-v3")]


@pytest.mark.parametrize("name, version", ORDERED)
def test_the_bits_of_the_tile_program(tmp_path, name, version):
    path = module(tmp_path, name, depth_of(name), "tied")
    for rows in ROWS:
        run(path, f"--symbols=rows={rows}", "--levels=cpu", "--against=tile", "--tolerance=0", f"--code-version={version}")


def products(folder, x, version):
    """The product with `x`'s rows, and the weights that rows of the table are."""
    np.save(folder / "x.npy", x)
    np.save(folder / "i.npy", np.arange(len(x), dtype=np.int32) % COLUMNS)
    outputs = [f"--output=output{i}={folder / f'{i}.npy'}" for i in range(2)]
    inputs = [f"--input={folder / 'x.npy'}", f"--input={folder / 'i.npy'}"]
    subprocess.run([RUN, folder / "m.girih", *inputs, *outputs, f"--code={version}"], check=True, stdout=subprocess.DEVNULL)
    return np.load(folder / "0.npy"), np.load(folder / "1.npy")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", BLOCKS)
def test_rows_alone_and_together(tmp_path, name, version):
    """The bits do not depend on the number of rows, and errors are those of f32, also where what is multiplied has a mean, so that sums of
    integers and minima cancel."""
    path = module(tmp_path, name, depth_of(name), "tied")
    subprocess.run([COMPILER, "-q", path, "-o", tmp_path / "m.girih", "--target=cpu:x86-64-v4"], check=True)
    noise = np.random.default_rng(5).standard_normal((COLUMNS, depth_of(name)))
    for mean in (0, 1, 30):
        x = (noise + mean).astype(np.float32)
        together, weights = products(tmp_path, x, version)
        for rows in ROWS:
            assert (products(tmp_path, x[:rows], version)[0] == together[:rows]).all(), (mean, rows)
        exact = x.astype(np.float64) @ weights.T.astype(np.float64)
        error, usual = (np.abs(y - exact).max() for y in (together, x @ weights.T))
        assert error <= 2 * usual + 4 * np.finfo(np.float32).eps * np.abs(exact).max(), mean


@pytest.mark.parametrize("name", ["q4_1", "f16"])
def test_stacked_sources(tmp_path, name):
    """Two sources of 60 and 40 rows: their seam lies inside a panel."""
    path = module(tmp_path, name, 288, "linear")
    whole = path.read_text()
    start, end = whole.index("{source = ") + 1, whole.index(">}", whole.index("{source = ")) + 1
    size = (tmp_path / "weights.bin").stat().st_size
    source = whole[start:end].removeprefix("source = ")
    parts = [source.replace(f"bytes = {size}", f"bytes = {size * 60 // COLUMNS}"),
             source.replace("offset = 0", f"offset = {size * 60 // COLUMNS}").replace(f"bytes = {size}", f"bytes = {size * 40 // COLUMNS}")]
    (tmp_path / "stacked.mlir").write_text(whole[:start] + f"sources = [{', '.join(parts)}]" + whole[end:])
    run(tmp_path / "stacked.mlir", "--symbols=rows=3", "--levels=cpu", f"--reference={path}", "--tolerance=1e-5")


def test_random_blocks_are_declined(tmp_path):
    done = subprocess.run([EVAL, str(module(tmp_path, "q4_0", 32, "linear")), "--weights=random:1", "--symbols=rows=1"], capture_output=True, text=True)
    assert done.returncode != 0 and "expects elements to be made up at random, but is stored in blocks" in done.stderr
