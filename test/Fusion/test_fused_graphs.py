"""Random graphs of row-wise ops, linear layers and attention give the reference's values when fused, as tile programs and as compiled
code: whatever groups the fusion forms, they compute what the ops alone compute."""

import os
import random
import shutil
import subprocess

import pytest

EVAL = shutil.which("girih-eval", path=os.path.join(os.environ.get("GIRIH_BUILD", ""), "bin") + os.pathsep + os.environ["PATH"])
pytestmark = pytest.mark.skipif(EVAL is None, reason="needs girih-eval")

SYMBOLS = """girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 300 : i64}
"""


def tensor(shape):
    """The type of a shape whose symbolic dimensions are names."""
    names = [f'"{size}"' for size in shape if isinstance(size, str)]
    text = "x".join(["?" if isinstance(size, str) else str(size) for size in shape] + ["f32"])
    return f"tensor<{text}, #girih.dims<{', '.join(names)}>>" if names else f"tensor<{text}>"


class Graph:
    """A function under construction: values are pairs of name and shape."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.arguments, self.results, self.body = [], [], []
        width = self.random.choice([8, 17, 40])
        for shape in (["batch", "seq", width], ["batch", "seq", width], [width], ["batch", "seq", 1], ["batch", 1, width]):
            self.argument(shape)

    def argument(self, shape):
        self.arguments.append((f"%a{len(self.arguments)}", tuple(shape)))
        return self.arguments[-1]

    def op(self, name, operands, shape, attributes="", between=", "):
        result = (f"%{len(self.results)}", tuple(shape))
        listed = between.join(value for value, _ in operands)
        types = ", ".join(tensor(kind) for _, kind in operands)
        self.body.append(f"  {result[0]} = girih.{name} {listed} {attributes} : ({types}) -> {tensor(shape)}")
        self.results.append(result)
        return result

    def rows(self):
        """Any value that is a whole row for each token."""
        values = self.arguments + self.results
        return self.random.choice([v for v in values if v[1][:2] == ("batch", "seq") and len(v[1]) == 3 and v[1][2] != 1])

    def unary(self, x):
        self.op(self.random.choice(["gelu", "silu", "tanh", "sigmoid", "relu", "neg", "erf"]), [x], x[1])

    def binary(self, x):
        beside = {x[1], x[1][2:], ("batch", "seq", 1), ("batch", 1, x[1][2])}
        y = self.random.choice([v for v in self.arguments + self.results if v[1] in beside])
        if y[1] == x[1] and self.random.random() < 0.2:
            self.op(f"gate {self.random.choice(['silu', 'gelu', 'relu'])}", [x, y], x[1])
        else:
            self.op(self.random.choice(["add", "sub", "mul", "maximum", "minimum"]), [x, y], x[1])

    def linear(self, x):
        width = self.random.choice([x[1][2], 24])
        for _ in range(self.random.choice([1, 1, 2, 3])):
            operands = [x, self.argument([width, x[1][2]])]
            if self.random.random() < 0.5:
                operands.append(self.argument([width]))
            self.op("linear", operands, [*x[1][:2], width])

    def norm(self, x):
        kind = self.random.choice(["layer_norm", "rms_norm", "l2_normalize", "softmax"])
        operands = [x, self.argument([x[1][2]])] if kind in ("layer_norm", "rms_norm") else [x]
        axis = self.random.choice([1, 2, 2])
        self.op(kind, operands, x[1], f"{{axis = {axis} : i64}}" if kind == "softmax" else "{epsilon = 1.0e-2 : f32}")

    def reduce(self, x):
        axis = self.random.choice([1, 2, 2])
        shape = [1 if d == axis else size for d, size in enumerate(x[1])]
        self.op(f"reduce {self.random.choice(['mean', 'max', 'sum'])}", [x], shape, f"axes [{axis}] keep_dims")

    def slice(self, x):
        width = self.random.randint(1, x[1][2] - 1)
        start = self.random.randint(0, x[1][2] - width)
        self.op("slice", [x], [*x[1][:2], width], f"offsets [0, 0, {start}] sizes [-1, -1, {width}]")

    def attention(self, x):
        if x[1][2] % 4:
            return
        heads = [*x[1][:2], 4, x[1][2] // 4]
        query, key, value = [self.op("reshape", [x], heads) for _ in range(3)]
        self.op("reshape", [self.op("attention", [query, key, value], heads, "{scale = 0.3 : f32}")], x[1])

    def grow(self, ops):
        steps = [self.unary] * 4 + [self.binary] * 5 + [self.linear] * 3 + [self.norm] * 2
        steps += [self.reduce, self.slice, self.attention]
        for _ in range(ops):
            self.random.choice(steps)(self.rows())
        return self

    def text(self):
        if not self.results:
            self.unary(self.rows())
        kept = [v for v in self.results[:-1] if self.random.random() < 0.15] + self.results[-1:]
        arguments = ", ".join(f"{name}: {tensor(shape)}" for name, shape in self.arguments)
        types = ", ".join(tensor(shape) for _, shape in kept)
        returned = ", ".join(name for name, _ in kept)
        head = f"func.func @f({arguments}) -> ({types}) attributes {{girih.entry}} {{"
        return "\n".join([SYMBOLS, head, *self.body, f"  return {returned} : {types}", "}", ""])


@pytest.mark.parametrize("seed", range(24))
def test_fused_graph_is_the_graph(seed, tmp_path):
    module = tmp_path / "graph.mlir"
    module.write_text(Graph(seed).grow(4 + seed % 18).text())
    sizes = f"batch={seed % 3 + 1},seq={seed * 37 % 140 + 1}"
    command = [EVAL, str(module), "--levels=tile,cpu", f"--symbols={sizes}", "--tolerance=1e-4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}\n{module.read_text()}"
