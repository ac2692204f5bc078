"""Models on an NVIDIA GPU. Where there is none, the tests' driver executes their PTX: f32 gives the CPU's bits, bf16 obeys the rule of
acceptance. And what ptxas makes of the kernels, for every architecture."""

import ctypes
import importlib.util
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

import decoders
import encoders
import test_minilm

girih = pytest.importorskip("girih")
rows, expected = test_minilm.rows, test_minilm.expected
LONG, SANITIZED = bool(os.environ.get("GIRIH_LONG")), bool(os.environ.get("GIRIH_SANITIZED"))
PTXAS = shutil.which("ptxas") or shutil.which("ptxas", path="/usr/local/cuda/bin")
ENCODERS = list(encoders.FAMILIES) if LONG else ["bert"] if SANITIZED else ["bert", "electra"]
OFTEN = ["llama", "qwen3-window", "gemma2", "phi3-partial", "gpt2"]
DECODERS = list(decoders.FAMILIES) if LONG else ["llama"] if SANITIZED else ["llama", "gpt2"]


@pytest.fixture(scope="module", autouse=True)
def driver():
    """The tests' own, which the runtime then finds loaded under the driver's name."""
    stub = Path(os.environ["GIRIH_BUILD"], "test/runtime/NVIDIA/stub/libcuda.so.1")
    os.environ["CUDA_STUB"] = "capability=80,memory=8192"
    return ctypes.CDLL(str(stub))


def on(target, directory, artifact, dtype, **options):
    girih.compile(directory, artifact, target=target, dtype=dtype, **options)
    return girih.load(artifact)


def gpu(directory, tmp_path, dtype):
    return on("nvidia:sm_80", directory, tmp_path / f"gpu-{dtype}.girih", dtype)


def bits(array):
    return np.asarray(array).view(np.int32)


#===- Encoders ------------------------------------------------------------------------------------------------===#

@pytest.mark.parametrize("family", ENCODERS)
def test_hidden_states(family, tmp_path):
    model = encoders.make(family, tmp_path)
    exact, narrow = gpu(tmp_path, tmp_path, "f32"), gpu(tmp_path, tmp_path, "bf16")
    cpu = on("cpu", tmp_path, tmp_path / "cpu.girih", "f32")
    for batch, length in [(1, 1), (3, 7), (2, 70)]:
        ids, mask = encoders.inputs(model, batch, length, seed=length)
        np.testing.assert_array_equal(bits(exact.encode(ids, mask)), bits(cpu.encode(ids, mask)))
        truth, torchs = encoders.references(model, ids, mask, "bf16")
        encoders.assert_accepted(narrow.encode(ids, mask), truth, torchs, "bf16")


@pytest.mark.parametrize("hidden, heads, intermediate", [(65, 5, 131), (8, 8, 24), (264, 1, 520)])
def test_odd_sizes(hidden, heads, intermediate, tmp_path):
    """Rows that are no whole copies, heads of one element, and one head of 264."""
    model = encoders.make("bert", tmp_path, hidden_size=hidden, num_attention_heads=heads, intermediate_size=intermediate)
    ids, mask = encoders.inputs(model, 2, 33)
    truth, torchs = encoders.references(model, ids, mask, "bf16")
    encoders.assert_accepted(gpu(tmp_path, tmp_path, "bf16").encode(ids, mask), truth, torchs, "bf16")


@pytest.mark.skipif(SANITIZED, reason="PTX of a whole model takes long under sanitizers")
def test_minilm_of_real_weights(minilm, rows, expected, tmp_path):
    """In bf16 a cosine of 0.9999 at least; in f32 the CPU's bits."""
    chosen = range(0, 50, 7) if LONG else [0, 7]
    narrow = gpu(minilm, tmp_path, "bf16")
    ours = np.concatenate([narrow.encode(*test_minilm.pad([rows[i]])) for i in chosen])
    assert test_minilm.cosines(ours, expected[list(chosen)]).min() >= 0.9999
    ids, mask = test_minilm.pad([rows[0]])
    cpu = on("cpu", minilm, tmp_path / "cpu.girih", "f32")
    np.testing.assert_array_equal(bits(gpu(minilm, tmp_path, "f32").encode(ids, mask)), bits(cpu.encode(ids, mask)))


def test_batches_do_not_change_a_sentence(tmp_path):
    """The contract stable: the same bits alone and among others, in bf16, too."""
    model = encoders.make("bert", tmp_path)
    runner = gpu(tmp_path, tmp_path, "bf16")
    ids, _ = encoders.inputs(model, 4, 20, seed=5)
    mask = np.ones_like(ids)
    together = runner.encode(ids, mask)
    for row in range(4):
        np.testing.assert_array_equal(bits(runner.encode(ids[row : row + 1], mask[:1])), bits(together[row : row + 1]))


#===- Decoders ------------------------------------------------------------------------------------------------===#

@pytest.mark.parametrize("family", DECODERS)
def test_logits(family, tmp_path):
    """One pass, and the way through the cache: f32 has the CPU's bits on both, bf16 obeys the rule on both."""
    model = decoders.make(family, tmp_path)
    exact, narrow = gpu(tmp_path, tmp_path, "f32"), gpu(tmp_path, tmp_path, "bf16")
    cpu = on("cpu", tmp_path, tmp_path / "cpu.girih", "f32")
    for batch, length in [(2, 7), (1, 129)] if LONG and family in OFTEN else [(2, 7)]:
        ids = decoders.inputs(model, batch, length, seed=length)
        np.testing.assert_array_equal(bits(exact.logits(ids)), bits(cpu.logits(ids)))
        truth, torchs = decoders.references(model, ids, "bf16")
        decoders.assert_accepted(narrow.logits(ids), truth, torchs, "bf16")
        begin = max(1, length - 3)

        def through_cache(runner):
            session = runner.session()
            return np.array([session.prefill(ids[0, :begin])] + [session.decode(token) for token in ids[0, begin:]])

        np.testing.assert_array_equal(bits(through_cache(exact)), bits(through_cache(cpu)))
        decoders.assert_accepted(through_cache(narrow), truth[0, begin - 1 :], torchs[0, begin - 1 :], "bf16")


def test_tokens_are_drawn_on_the_device(tmp_path):
    """Greedy and seeded draws are the CPU's, token for token; nothing runs on the host."""
    model = decoders.make("llama", tmp_path)
    runner, cpu = gpu(tmp_path, tmp_path, "f32"), on("cpu", tmp_path, tmp_path / "cpu.girih", "f32")
    prompt = decoders.inputs(model, 1, 5)[0].tolist()
    for options in ({}, {"temperature": 1.5, "seed": 3}, {"temperature": 0.8, "top_k": 9, "top_p": 0.9, "repetition_penalty": 1.2}):
        tokens = [list(each.generate(prompt, max_new_tokens=6, **options)) for each in (runner, cpu)]
        assert tokens[0] == tokens[1]


#===- Machine code --------------------------------------------------------------------------------------------===#

def ptx_of(model, target, dtype):
    asm = subprocess.run(["girihc", str(model), f"--target={target}", f"--dtype={dtype}", "--emit=asm", "-o", "-"], check=True, capture_output=True, text=True)
    return ["//" + part for part in re.split(r"(?m)^// Generated", asm.stdout)[1:]]


@pytest.mark.parametrize("target", ["nvidia:sm_80", "nvidia:sm_90a"])
def test_reports_judge_by_the_unit_that_computes(target, minilm, tmp_path):
    """The kernel's header names the tensor cores' peak if its PTX has one of their instructions: a warp's, or a warp group's."""
    for dtype, expected in (("f32", {0}), ("bf16", {0, 1})):
        artifact = tmp_path / "x.girih"
        subprocess.run(["girihc", "-q", str(minilm), f"--target={target}", f"--dtype={dtype}", "-o", str(artifact)], check=True)
        data, units, found = artifact.read_bytes(), set(), ""
        for begin in (match.start() for match in re.finditer(b"GYNK", data)):
            _, _, _, _, _, name_bytes, _, unit, ptx_bytes, _ = struct.unpack_from("<8I2Q", data, begin)
            text = begin + 48 + (name_bytes + 7) // 8 * 8
            ptx = data[text : text + ptx_bytes].decode()
            assert unit == (re.search(r"\b(mma\.sync|wgmma\.mma_async)", ptx) is not None)
            units.add(unit)
            found += ptx
        assert units == expected
        assert ("wgmma.mma_async" in found) == (target == "nvidia:sm_90a" and dtype == "bf16")


@pytest.mark.skipif(PTXAS is None or SANITIZED, reason="needs ptxas, of the CUDA toolkit")
@pytest.mark.parametrize("target", ["nvidia:sm_80", "nvidia:sm_86", "nvidia:sm_89", "nvidia:sm_90a"] if LONG else ["nvidia:sm_86", "nvidia:sm_90a"])
def test_ptxas_takes_every_kernel(target, minilm, tmp_path):
    """Without spilling more than a few registers, and without putting warp-group products in a row (its warning C7510)."""
    decoders.make("llama", tmp_path)
    for model in (minilm, tmp_path):
        for dtype in ("f32", "bf16"):
            for number, ptx in enumerate(ptx_of(model, target, dtype)):
                file = tmp_path / f"{number}.ptx"
                file.write_text(ptx)
                said = subprocess.run([PTXAS, f"-arch={target.split(':')[1]}", "-O3", "-v", file, "-o", tmp_path / "x.cubin"], capture_output=True, text=True)
                assert said.returncode == 0, said.stderr
                assert "warning" not in said.stderr, said.stderr
                assert max(map(int, re.findall(r"(\d+) bytes spill stores", said.stderr))) <= 64, said.stderr
                assert max(map(int, re.findall(r"Used (\d+) registers", said.stderr))) <= 255

