"""Every graph op gives the reference's values at every level: interpreted tile programs and compiled code, at lengths that fill no
block, one block and more than one, in f32 and bf16; and compiled code gives the tile program's."""

import os
import shutil
import subprocess

import pytest

EVAL = shutil.which("girih-eval", path=os.path.join(os.environ.get("GIRIH_BUILD", ""), "bin") + os.pathsep + os.environ["PATH"])
pytestmark = pytest.mark.skipif(EVAL is None, reason="needs girih-eval")

LONG = os.environ.get("GIRIH_LONG") == "1"

# T is the element type; b and s are symbols. Each case: operands, the op on %0 %1 ..., the results.
TOKENS, MASK = "b,s,i32:0:50", "b,s,i32:0:2"
CASES = {
    "linear": (["b,s,48,T", "80,48,T", "80,T"], "linear %0, %1, %2", ["b,s,80,T"]),
    "linear-no-bias": (["b,s,300,T", "7,300,T"], "linear %0, %1", ["b,s,7,T"]),
    "linear-compute": (["b,s,48,T", "80,48,T", "80,T"], "linear %0, %1, %2 {compute = bf16}", ["b,s,80,T"]),
    "linear-vector": (["b,96,T", "33,96,T"], "linear %0, %1", ["b,33,T"]),
    "attention": (["b,s,4,32,T"] * 3 + [MASK], "attention %0, %1, %2 mask %3 {scale = 0.18 : f32}", ["b,s,4,32,T"]),
    "attention-causal": (["b,s,4,16,T", "b,s,2,16,T", "b,s,2,24,T"], "attention %0, %1, %2 {scale = 0.25 : f32, causal}", ["b,s,4,24,T"]),
    "attention-compute": (["b,s,4,32,T"] * 3 + [MASK], "attention %0, %1, %2 mask %3 {scale = 0.18 : f32, compute = bf16}", ["b,s,4,32,T"]),
    "attention-bias": (["b,s,4,16,T"] * 3 + ["1,4,s,s,T"], "attention %0, %1, %2 bias %3 {scale = 0.25 : f32}", ["b,s,4,16,T"]),
    "attention-lse": (["b,s,2,16,T"] * 3, "attention %0, %1, %2 {scale = 0.25 : f32, return_lse}", ["b,s,2,16,T", "b,2,s,f32"]),
    "rms_norm": (["b,s,72,T", "72,T"], "rms_norm %0, %1 {epsilon = 1.0e-5 : f32}", ["b,s,72,T"]),
    "rms_norm_offset": (["b,s,72,T", "72,T"], "rms_norm %0, %1 {epsilon = 1.0e-5 : f32, unit_offset}", ["b,s,72,T"]),
    "layer_norm": (["b,s,72,T", "72,T", "72,T"], "layer_norm %0, %1, %2 {epsilon = 1.0e-5 : f32}", ["b,s,72,T"]),
    "layer_norm-no-bias": (["b,s,384,T", "384,T"], "layer_norm %0, %1 {epsilon = 1.0e-5 : f32}", ["b,s,384,T"]),
    "l2_normalize": (["b,s,40,T"], "l2_normalize %0 {epsilon = 1.0e-5 : f32}", ["b,s,40,T"]),
    "softmax": (["b,s,40,T"], "softmax %0 {axis = 2 : i64}", ["b,s,40,T"]),
    "gate": (["b,s,40,T"] * 2, "gate silu %0, %1", ["b,s,40,T"]),
    "add-row": (["b,s,40,T", "40,T"], "add %0, %1", ["b,s,40,T"]),
    "mul-column": (["b,s,40,T", "b,s,1,T"], "mul %0, %1", ["b,s,40,T"]),
    "reduce-last": (["b,s,40,T"], "reduce mean %0 axes [2] keep_dims", ["b,s,1,T"]),
    "reduce-max": (["b,s,40,T"], "reduce max %0 axes [2]", ["b,s,T"]),
    "gather": (["50,40,T", TOKENS], "gather %0, %1 {axis = 0 : i64}", ["b,s,40,T"]),
    "concat": (["b,s,40,T", "b,s,24,T"], "concat %0, %1 {axis = 2 : i64}", ["b,s,64,T"]),
    "slice": (["b,s,40,T"], "slice %0 offsets [0, 0, 8] sizes [-1, -1, 16]", ["b,s,16,T"]),
    "reshape": (["b,s,40,T"], "reshape %0", ["b,s,4,10,T"]),
    "transpose": (["b,s,4,10,T"], "transpose %0 [0, 2, 1, 3]", ["b,4,s,10,T"]),
    "softmax-sequence": (["b,s,40,T"], "softmax %0 {axis = 1 : i64}", ["b,s,40,T"]),
    "reduce-sequence": (["b,s,40,T"], "reduce sum %0 axes [1]", ["b,40,T"]),
    "reduce-batch": (["b,s,40,T"], "reduce min %0 axes [0] keep_dims", ["1,s,40,T"]),
    "reduce-two": (["b,s,40,T"], "reduce mean %0 axes [1, 2]", ["b,T"]),
    "reduce-all": (["b,s,40,T"], "reduce max %0 axes [0, 1, 2]", ["T"]),
    "reduce-integers": ([TOKENS], "reduce sum %0 axes [1]", ["b,i32"]),
    "gather-middle": (["b,50,8,T", "6,i32:0:50"], "gather %0, %1 {axis = 1 : i64}", ["b,6,8,T"]),
    "gather-last": (["b,s,50,T", "3,2,i32:0:50"], "gather %0, %1 {axis = 2 : i64}", ["b,s,3,2,T"]),
    "concat-sequence": (["b,s,40,T", "b,s,40,T"], "concat %0, %1 {axis = 1 : i64}", ["b,2*s,40,T"]),
    "concat-token": (["b,1,40,T", "b,s,40,T"], "concat %0, %1 {axis = 1 : i64}", ["b,s + 1,40,T"]),
    "concat-batch": (["b,s,T", "s,s,T"], "concat %0, %1 {axis = 0 : i64}", ["b + s,s,T"]),
    "concat-three": (["b,3,T", "b,17,T", "b,1,T"], "concat %0, %1, %2 {axis = 1 : i64}", ["b,21,T"]),
    "slice-sequence": (["b,16,s,T"], "slice %0 offsets [0, 3, 0] sizes [-1, 5, -1]", ["b,5,s,T"]),
    "reshape-rows": (["b,s,40,T"], "reshape %0", ["b*s,40,T"]),
    "reshape-split": (["b,6,s,T"], "reshape %0", ["b,2,3,s,T"]),
    "reshape-last": (["b,s,40,T"], "reshape %0", ["b,5*s,8,T"]),
    "transpose-sequence": (["b,s,40,T"], "transpose %0 [1, 0, 2]", ["s,b,40,T"]),
    "transpose-last": (["b,s,40,T"], "transpose %0 [0, 2, 1]", ["b,40,s,T"]),
    "add-integers": ([TOKENS, TOKENS], "add %0, %1", ["b,s,i32"]),
    "mul-integers": ([TOKENS, "1,s,i32:-90000:90000"], "mul %0, %1", ["b,s,i32"]),
    "div-integers": (["b,s,i32:-50:50", "b,s,i32:-3:3"], "div %0, %1", ["b,s,i32"]),
    "maximum-bytes": (["b,s,i8", "1,s,i8"], "maximum %0, %1", ["b,s,i8"]),
    "cast-to-float": ([TOKENS], "cast %0", ["b,s,T"]),
    "cast-to-integer": (["b,s,40,T"], "cast %0", ["b,s,40,i32"]),
    "cast-to-byte": (["b,s,i32:-300:300"], "cast %0", ["b,s,i8"]),
    "cast-to-bit": (["b,s,i32:-1:2"], "cast %0", ["b,s,i1"]),
    "cast-from-bit": (["b,s,i1"], "cast %0", ["b,s,T"]),
    "add-corner": (["1,T", "b,s,T"], "add %0, %1", ["b,s,T"]),
    "mul-outer": (["b,1,40,T", "b,s,1,T"], "mul %0, %1", ["b,s,40,T"]),
    "linear-row": (["64,T", "30,64,T"], "linear %0, %1", ["30,T"]),
    "attention-keys": (["b,s,2,16,T", "b,20,2,16,T", "b,20,2,16,T", "b,20,i32:0:2"],
                       "attention %0, %1, %2 mask %3 {scale = 0.25 : f32}", ["b,s,2,16,T"]),
    "attention-wide-head": (["b,s,1,96,T"] * 3, "attention %0, %1, %2 {scale = 0.1 : f32}", ["b,s,1,96,T"]),
    "cast": (["b,s,40,T"], "cast %0", ["b,s,40,f16"]),
    "rope": (["b,s,4,16,T", TOKENS, "50,8,T", "50,8,T"], "rope %0, %1, %2, %3", ["b,s,4,16,T"]),
    "rope-interleaved": (["b,s,4,16,T", TOKENS, "50,6,T", "50,6,T"], "rope %0, %1, %2, %3 {interleaved}", ["b,s,4,16,T"]),
    "embedding": (["50,40,T", TOKENS], "embedding %0, %1", ["b,s,40,T"]),
    "positions": ([TOKENS], "positions absolute %0", ["b,s,i32"]),
    "positions-skip": ([TOKENS], "positions skip_padding %0 {padding_index = 1 : i64}", ["b,s,i32"]),
}  # fmt: skip
for name in ("relu", "silu", "tanh", "sigmoid", "exp", "sqrt", "rsqrt", "neg", "reciprocal", "erf", "gelu", "gelu approximate tanh"):
    op, _, rest = name.partition(" ")
    CASES[name.replace(" ", "-")] = (["b,s,40,T"], f"{op} %0 {rest}", ["b,s,40,T"])
for name in ("sub", "div", "maximum", "minimum"):
    CASES[name] = (["b,s,40,T", "b,s,40,T"], f"{name} %0, %1", ["b,s,40,T"])
for kind in ("mean", "cls", "max", "last"):
    CASES[f"pool-{kind}"] = (["b,s,40,T", MASK], f"pool {kind} %0, %1", ["b,40,T"])


# On integers, which CPU kernels do not multiply yet: interpreted, and on systolic machines.
INTEGERS = {
    "linear-integers": (["b,s,48,i8", "80,48,i8"], "linear %0, %1", ["b,s,80,i32"]),
    "linear-integers-deep": (["b,s,1500,i8", "33,1500,i8"], "linear %0, %1", ["b,s,33,i32"]),
    "quantize": (["b,s,40,T", "1,f32", "1,f32"], "quantize %0, %1, %2", ["b,s,40,i8"]),
    "quantize_rows": (["b,s,72,T"], "quantize_rows %0", ["b,s,72,i8", "b,s,1,f32", "b,s,1,f32"]),
    "dequantize": (["b,s,40,i32:-90000:90000", "b,s,1,f32", "b,s,1,f32", "40,f32", "40,f32", "40,T"],
                   "dequantize %0, %1, %2, %3, %4 bias %5 {element = T}", ["b,s,40,T"]),
    "dequantize-one": (["b,s,40,i32:-90000:90000", "1,f32", "1,f32", "40,f32", "40,f32"],
                       "dequantize %0, %1, %2, %3, %4 {element = T}", ["b,s,40,T"]),
}


def parse(text, element):
    """"b,s,40,T" to (type, attributes)."""
    *sizes, last = text.split(",")
    last, *limits = last.split(":")
    symbols = [f'"{size}"' for size in sizes if not size.isdigit()]
    shape = "".join((size if size.isdigit() else "?") + "x" for size in sizes)
    dims = f", #girih.dims<{', '.join(symbols)}>" if symbols else ""
    attributes = f" {{girih.range = [{limits[0]}, {limits[1]}]}}" if limits else ""
    return f"tensor<{shape}{element if last == 'T' else last}{dims}>", attributes


def module(case, element):
    operands, op, results = {**CASES, **INTEGERS}[case]
    op = op.replace("element = T", f"element = {element}")
    types = [parse(text, element) for text in operands]
    result_types = [parse(text, element)[0] for text in results]
    arguments = ", ".join(f"%{i}: {type}{attributes}" for i, (type, attributes) in enumerate(types))
    inner = ", ".join(type for type, _ in types)
    outer = ", ".join(result_types)
    several = len(result_types) > 1
    values = ", ".join(f"%r#{i}" for i in range(len(result_types))) if several else "%r"
    return f"""
girih.symbol @b {{min = 1 : i64, max = 8 : i64}}
girih.symbol @s {{min = 1 : i64, max = 512 : i64}}
func.func @main({arguments}) -> ({outer}) attributes {{girih.entry}} {{
  %r{f":{len(result_types)}" if several else ""} = girih.{op} : ({inner}) -> {f"({outer})" if several else outer}
  return {values} : {outer}
}}
"""


def run(path, *options):
    done = subprocess.run([EVAL, str(path), *options], capture_output=True, text=True)
    assert done.returncode == 0, path.read_text() + done.stdout + done.stderr


@pytest.mark.parametrize("element", ["f32", "bf16"])
@pytest.mark.parametrize("case", CASES)
def test_levels(tmp_path, case, element):
    path = tmp_path / "module.mlir"
    path.write_text(module(case, element))
    for batch, length in ((1, 1), (3, 7), (2, 129)) if element == "f32" or LONG else ((2, 65),):
        run(path, f"--symbols=b={batch},s={length}", "--levels=graph,tile,cpu")


@pytest.mark.parametrize("element", ["f32", "bf16"])
@pytest.mark.parametrize("case", INTEGERS)
def test_integers(tmp_path, case, element):
    path = tmp_path / "module.mlir"
    path.write_text(module(case, element))
    for batch, length in ((1, 1), (3, 7), (2, 129)):
        run(path, f"--symbols=b={batch},s={length}", "--levels=graph,tile")


# The version for older processors is compiled too; this machine runs it when asked.
@pytest.mark.parametrize("case", CASES if LONG else ["linear", "attention", "layer_norm", "softmax", "gelu", "erf", "rope", "pool-max"])
def test_code_for_older_processors(tmp_path, case):
    path = tmp_path / "module.mlir"
    path.write_text(module(case, "f32"))
    run(path, "--symbols=b=2,s=37", "--levels=cpu", "--code-version=x86-64-v3")


# Sums have one order and no function of `math` is involved: the same bits.
@pytest.mark.parametrize("case", ["linear", "linear-no-bias", "add-row", "reduce-last", "rope", "transpose", "embedding", "pool-mean"])
def test_compiled_code_gives_the_tile_programs_bits(tmp_path, case):
    path = tmp_path / "module.mlir"
    path.write_text(module(case, "f32"))
    run(path, "--symbols=b=3,s=7", "--levels=cpu", "--against=tile", "--tolerance=0")
