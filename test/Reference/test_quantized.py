"""Quantized parameters decode to the bit as the PyPI package `gguf` decodes them, for every format and through every encoding that
keeps their blocks; several sources are stacked."""

import os
import shutil
import subprocess

import numpy as np
import pytest

gguf = pytest.importorskip("gguf")

EVAL = shutil.which("girih-eval", path=os.path.join(os.environ.get("GIRIH_BUILD", ""), "bin") + os.pathsep + os.environ["PATH"])
FORMATS = ["q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q4_k", "q6_k"]
RNG = np.random.default_rng(11)


def kind(name):
    return gguf.GGMLQuantizationType[name.upper()]


def random_rows(name, rows, columns):
    """Blocks of any bits, but for infinite scales."""
    elements, size = gguf.GGML_QUANT_SIZES[kind(name)]
    blocks = RNG.integers(0, 256, (rows, columns // elements, size), dtype=np.uint8)
    halves = {"q4_0": [0], "q5_0": [0], "q8_0": [0], "q4_1": [0, 2], "q5_1": [0, 2], "q4_k": [0, 2], "q6_k": [208]}[name]
    for at in halves:  # an exponent of all ones is infinite
        blocks[:, :, at + 1] &= 0xBF
    return blocks.reshape(rows, -1)


def decoded(name, rows):
    return gguf.quants.dequantize(rows, kind(name)).astype(np.float32)


def evaluate(folder, encoding, sources, shape):
    kind = f"tensor<{shape[0]}x{shape[1]}xf32{encoding and ', ' + encoding}>"
    one = f"source = {sources[0]}" if len(sources) == 1 else f"sources = [{', '.join(sources)}]"
    (folder / "module.mlir").write_text(f"""
module attributes {{girih.model = "{folder}"}} {{
  girih.parameter @w : {kind} {{{one}}}
  func.func @main() -> {kind} attributes {{girih.entry}} {{
    %w = girih.get_parameter @w : {kind}
    return %w : {kind}
  }}
}}
""")
    done = subprocess.run([EVAL, str(folder / "module.mlir"), f"--output={folder / 'out.npy'}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return np.load(folder / "out.npy").astype(np.float32)


def source(file, offset, size, name):
    return f'#girih.source<file = "{file}", offset = {offset}, bytes = {size}, type = f32, format = {name}>'


def same_bits(actual, expected):
    return np.array_equal(actual.view(np.uint32), expected.view(np.uint32))


@pytest.mark.parametrize("encoding", ["", "#girih.blocks<{}>", "#girih.block_panels<{}, width = 32>"])
@pytest.mark.parametrize("name", FORMATS)
def test_decodes_as_gguf_does(tmp_path, name, encoding):
    rows = random_rows(name, 37, 768)
    (tmp_path / "w.gguf").write_bytes(b"skipped" + rows.tobytes())
    actual = evaluate(tmp_path, encoding.format(name), [source("w.gguf", 7, rows.size, name)], (37, 768))
    assert same_bits(actual, decoded(name, rows))


def test_stacks_sources(tmp_path):
    top, bottom = random_rows("q4_1", 5, 96), random_rows("q4_1", 2, 96)
    (tmp_path / "w.gguf").write_bytes(bottom.tobytes() + top.tobytes())
    sources = [source("w.gguf", bottom.size, top.size, "q4_1"), source("w.gguf", 0, bottom.size, "q4_1")]
    actual = evaluate(tmp_path, "#girih.blocks<q4_1>", sources, (7, 96))
    assert same_bits(actual, decoded("q4_1", np.concatenate([top, bottom])))
