"""Random graphs give the reference's values at every level, however their ops were fused: a walk over a pool of tensors adds one random
op after another, residuals, several uses and several results included."""

import os
import random
import shutil
import subprocess

import pytest

EVAL = shutil.which("girih-eval", path=os.path.join(os.environ.get("GIRIH_BUILD", ""), "bin") + os.pathsep + os.environ["PATH"])
pytestmark = pytest.mark.skipif(EVAL is None, reason="needs girih-eval")
LONG = os.environ.get("GIRIH_LONG") == "1"


class Graph:
    """Text of a module under construction. Tensors are (name, sizes, element); sizes are integers, "b" and "s"."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines, self.parameters, self.arguments = [], [], []
        self.bf16 = self.random.random() < 0.1
        self.count = 0
        self.tensors = [self.argument(["b", "s", width]) for width in self.random.choice([(32, 48), (33, 300), (7, 64), (384, 16)])]
        self.mask = self.argument(["b", "s"], "i32", " {girih.range = [0, 2]}")
        self.ids = self.argument(["b", "s"], "i32", " {girih.range = [0, 20]}")

    def type(self, tensor):
        _, sizes, element = tensor
        symbols = ", ".join(f'"{size}"' for size in sizes if isinstance(size, str))
        shape = "".join(f"{'?' if isinstance(size, str) else size}x" for size in sizes)
        return f"tensor<{shape}{element}{f', #girih.dims<{symbols}>' if symbols else ''}>"

    def argument(self, sizes, element="f32", attributes=""):
        tensor = (f"%a{len(self.arguments)}", sizes, element)
        self.arguments.append(f"{tensor[0]}: {self.type(tensor)}{attributes}")
        return tensor

    def parameter(self, *sizes):
        tensor = (f"%w{len(self.parameters)}", list(sizes), "f32")
        self.parameters.append(f"girih.parameter @{tensor[0][1:]} : {self.type(tensor)}")
        self.lines.append(f"  {tensor[0]} = girih.get_parameter @{tensor[0][1:]} : {self.type(tensor)}")
        return tensor

    def emit(self, text, operands, sizes, element="f32"):
        tensor = (f"%t{self.count}", sizes, element)
        self.count += 1
        names = iter(operands)
        text = " ".join(next(names)[0] + word[1:] if word.startswith("@") else word for word in text.split(" "))
        types = ", ".join(map(self.type, operands))
        self.lines.append(f"  {tensor[0]} = girih.{text} : ({types}) -> {self.type(tensor)}")
        return tensor

    def pick(self):
        # Recent tensors are likelier, so that chains form.
        tail = self.tensors[-3:] if self.random.random() < 0.7 else self.tensors
        return self.random.choice(tail)

    def like(self, tensor):
        return self.random.choice([t for t in self.tensors if t[1:] == tensor[1:]])

    def step(self):
        x = self.pick()
        width = x[1][-1]
        kinds = ["linear", "unary", "binary", "row", "column", "norm", "gate", "attention", "embedding", "rope", "slice", "concat"]
        kinds += ["softmax", "swap"]
        self.tensors.append(getattr(self, self.random.choice(kinds))(x, width))

    def linear(self, x, width):
        n = self.random.choice([32, 48, 20, 96, 1, 257])
        operands = [x, self.parameter(n, width)] + ([self.parameter(n)] if self.random.random() < 0.7 else [])
        compute = " {compute = bf16}" if self.bf16 else ""
        return self.emit("linear " + " , ".join("@" for _ in operands) + compute, operands, x[1][:-1] + [n])

    def unary(self, x, width):
        op = self.random.choice(["relu @", "gelu @", "gelu @ approximate tanh", "tanh @", "sigmoid @", "silu @", "neg @", "erf @"])
        return self.emit(op, [x], x[1])

    def binary(self, x, width):
        return self.emit(self.random.choice(["add", "sub", "mul", "maximum", "minimum"]) + " @ , @", [x, self.like(x)], x[1])

    def row(self, x, width):
        return self.emit(self.random.choice(["add", "mul"]) + " @ , @", [x, self.parameter(width)], x[1])

    def column(self, x, width):
        kind = self.random.choice(["sum", "mean", "max", "min"])
        y = self.emit(f"reduce {kind} @ axes [2] keep_dims", [x], x[1][:-1] + [1])
        return self.emit(self.random.choice(["add", "sub", "mul"]) + " @ , @", [x, y], x[1])

    def swap(self, x, width):
        h = self.heads(x, width)
        t = self.emit("transpose @ [0, 1, 3, 2]", [h], h[1][:2] + [h[1][3], h[1][2]])
        return self.emit("reshape @", [t], x[1])

    def norm(self, x, width):
        kind = self.random.choice(["layer_norm @ , @ , @", "layer_norm @ , @", "rms_norm @ , @", "l2_normalize @"])
        operands = [x] + [self.parameter(width) for _ in range(kind.count("@") - 1)]
        return self.emit(kind + " {epsilon = 1.0e-5 : f32}", operands, x[1])

    def gate(self, x, width):
        return self.emit("gate " + self.random.choice(["silu", "gelu", "relu"]) + " @ , @", [x, self.like(x)], x[1])

    def heads(self, x, width):
        heads = self.random.choice([h for h in (1, 2, 4) if width % h == 0 and width > h] or [1])
        return self.emit("reshape @", [x], x[1][:-1] + [heads, width // heads])

    def attention(self, x, width):
        q = self.heads(x, width)
        k, v = (self.emit("reshape @", [self.like(x)], q[1]) for _ in range(2))
        masked = self.random.random() < 0.5
        causal = ", causal" if self.random.random() < 0.5 else ""
        text = "attention @ , @ , @" + (" mask @" if masked else "") + f" {{scale = 0.3 : f32{causal}}}"
        out = self.emit(text, [q, k, v] + ([self.mask] if masked else []), q[1])
        return self.emit("reshape @", [out], x[1])

    def embedding(self, x, width):
        e = self.emit("embedding @ , @", [self.parameter(20, width), self.ids], x[1])
        return self.emit("add @ , @", [x, e], x[1])

    def rope(self, x, width):
        if width < 2:
            return self.unary(x, width)
        h = self.heads(x, width)
        half = self.random.randint(1, h[1][-1] // 2)
        tables = [self.parameter(20, half) for _ in range(2)]
        turned = self.emit("rope @ , @ , @ , @", [h, self.ids, *tables], h[1])
        return self.emit("reshape @", [turned], x[1])

    def slice(self, x, width):
        size = self.random.randint(1, width)
        offset = self.random.randint(0, width - size)
        return self.emit(f"slice @ offsets [0, 0, {offset}] sizes [-1, -1, {size}]", [x], x[1][:-1] + [size])

    def concat(self, x, width):
        y = self.pick()
        return self.emit("concat @ , @ {axis = 2 : i64}", [x, y], x[1][:-1] + [width + y[1][-1]])

    def softmax(self, x, width):
        return self.emit("softmax @ {axis = 2 : i64}", [x], x[1])

    def text(self):
        results = [self.tensors[-1]]
        if self.random.random() < 0.5:
            results.append(self.emit("pool " + self.random.choice(["mean", "cls", "max"]) + " @ , @",
                                     [self.tensors[-1], self.mask], ["b", self.tensors[-1][1][-1]]))  # fmt: skip
        if self.random.random() < 0.3:
            results.append(self.pick())
        types = ", ".join(map(self.type, results))
        symbols = [f"girih.symbol @{name} {{min = 1 : i64, max = {most} : i64}}" for name, most in (("b", 8), ("s", 512))]
        head = f"func.func @main({', '.join(self.arguments)}) -> ({types}) attributes {{girih.entry}} {{"
        tail = f"  return {', '.join(result[0] for result in results)} : {types}\n}}\n"
        return "\n".join([*symbols, *self.parameters, head, *self.lines, tail]).replace(" ,", ",")


@pytest.mark.parametrize("seed", range(400 if LONG else 24))
def test_random_graph(tmp_path, seed):
    graph = Graph(seed)
    for _ in range(graph.random.randint(2, 9)):
        graph.step()
    path = tmp_path / "module.mlir"
    path.write_text(graph.text())
    batch, length = graph.random.choice([(1, 1), (3, 7), (2, 65), (1, 129)])
    command = [EVAL, str(path), "--weights=random:5", f"--symbols=b={batch},s={length}", f"--seed={seed}", "--levels=graph,tile,cpu"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, path.read_text() + " ".join(command) + "\n" + done.stdout + done.stderr
