"""A llama of random weights as .mlir, with the entry points of a decoder: two layers, grouped heads, rotated halves, a gated MLP. Small enough to
compile in a second, deep enough that a wrong slot, position or length changes every bit after it."""

import numpy as np

VOCABULARY, HIDDEN, HEADS, GROUPS, SIZE, INNER, LAYERS, POSITIONS = 97, 64, 4, 2, 16, 96, 2, 320


class Writer:
    """One entry's body: each method appends an op and gives (name, type)."""

    def __init__(self, seq):
        self.lines, self.count, self.seq = [], 0, seq

    def tensor(self, sizes, element="f32"):
        dims = [f'"{size}"' for size in sizes if isinstance(size, str)]
        shape = "x".join("?" if isinstance(size, str) else str(size) for size in sizes)
        return f"tensor<{shape}x{element}" + (f", #girih.dims<{', '.join(dims)}>>" if dims else ">")

    def rows(self, *sizes):
        return self.tensor(["batch", self.seq, *sizes])

    def op(self, name, operands, result, attributes="", kind="", text=None):
        self.count += 1
        text = text or ", ".join(value for value, _ in operands)
        types = ", ".join(type for _, type in operands)
        self.lines.append(f"  %{self.count} = girih.{name} {kind}{text} {attributes}: ({types}) -> {result}")
        return f"%{self.count}", result

    def parameter(self, name, sizes):
        self.count += 1
        type = self.tensor(sizes)
        self.lines.append(f'  %{self.count} = girih.get_parameter @"{name}" : {type}')
        return f"%{self.count}", type

    def linear(self, x, name, rows):
        columns = {"down": INNER}.get(name.split(".")[-1], HIDDEN)
        return self.op("linear", [x, self.parameter(name, [rows, columns])], self.rows(rows))

    def norm(self, x, name):
        return self.op("rms_norm", [x, self.parameter(name, [HIDDEN])], x[1], "{epsilon = 1.0e-05 : f32} ")

    def heads(self, x, count):
        return self.op("reshape", [x], self.rows(count, SIZE))

    def rope(self, x, positions):
        tables = [self.parameter(name, [POSITIONS, SIZE // 2]) for name in ("cos", "sin")]
        return self.op("rope", [x, positions, *tables], x[1])


def layer(w, x, n, positions, attend):
    """`attend(w, n, query, key, value)` gives the heads' results."""
    normed = w.norm(x, f"{n}.norm1")
    q = w.rope(w.heads(w.linear(normed, f"{n}.q", HEADS * SIZE), HEADS), positions)
    k = w.rope(w.heads(w.linear(normed, f"{n}.k", GROUPS * SIZE), GROUPS), positions)
    v = w.heads(w.linear(normed, f"{n}.v", GROUPS * SIZE), GROUPS)
    merged = w.op("reshape", [attend(w, n, q, k, v)], w.rows(HIDDEN))
    x = w.op("add", [x, w.linear(merged, f"{n}.o", HIDDEN)], x[1])
    normed = w.norm(x, f"{n}.norm2")
    gated = w.op("gate", [w.linear(normed, f"{n}.gate", INNER), w.linear(normed, f"{n}.up", INNER)], w.rows(INNER), kind="silu ")
    return w.op("add", [x, w.linear(gated, f"{n}.down", HIDDEN)], x[1])


def body(w, ids, positions, attend):
    x = w.op("embedding", [w.parameter("table", [VOCABULARY, HIDDEN]), ids], w.rows(HIDDEN))
    for n in range(LAYERS):
        x = layer(w, x, n, positions, attend)
    return w.norm(x, "norm")


def logits_entry():
    w = Writer("seq")
    ids = ("%ids", w.tensor(["batch", "seq"], "i32"))
    positions = w.op("positions", [ids], ids[1], kind="absolute ")
    scale = f"{{causal, scale = {SIZE ** -0.5} : f32}} "
    x = body(w, ids, positions, lambda w, n, q, k, v: w.op("attention", [q, k, v], q[1], scale))
    y = w.op("linear", [x, w.parameter("head", [VOCABULARY, HIDDEN])], w.rows(VOCABULARY))
    return "\n".join([f'func.func @logits(%ids: {ids[1]} {{girih.name = "ids", girih.range = [0, {VOCABULARY}]}}) -> '
                      f'({y[1]} {{girih.name = "logits"}}) attributes {{girih.entry}} {{', *w.lines, f"  return {y[0]} : {y[1]}", "}"])


def step_entry(name, seq):
    w = Writer(seq)
    ids, mask, positions, slots = ((f"%{n}", w.tensor(["batch", seq], "i32")) for n in ("ids", "mask", "positions", "slots"))
    table = ("%table", w.tensor(["batch", "total"], "i32"))
    ranges = {"%ids": f", girih.range = [0, {VOCABULARY}]", "%mask": ", girih.range = [0, 2]", "%positions": f", girih.range = [-1, {POSITIONS}]"}
    inputs = [ids, mask, positions, slots, table]
    for n, element in (("temperature", "f32"), ("top_k", "i32"), ("top_p", "f32"), ("min_p", "f32"), ("penalty", "f32")):
        inputs.append((f"%{n}", w.tensor(["batch"], element)))
    inputs += [("%seen", w.tensor(["batch", VOCABULARY], "i8")), ("%seed", w.tensor(["batch"], "i32")), ("%step", w.tensor(["batch"], "i32"))]
    state_type = w.tensor(["slots", GROUPS, SIZE])
    states = {f"{kind}.{n}": (f"%{kind}{n}", state_type) for n in range(LAYERS) for kind in ("keys", "values")}
    last = dict(states)

    def attend(w, n, q, k, v):
        for kind, rows in (("keys", k), ("values", v)):
            cache = last[f"{kind}.{n}"]
            last[f"{kind}.{n}"] = w.op("cache_write", [cache, rows, slots], state_type, text=f"{cache[0]}, {rows[0]} at {slots[0]}")
        caches = [last[f"keys.{n}"], last[f"values.{n}"]]
        text = f"{q[0]}, {caches[0][0]}, {caches[1][0]} table %table positions %positions"
        return w.op("paged_attention", [q, *caches, table, positions], q[1], f"{{scale = {SIZE ** -0.5} : f32}} ", text=text)

    x = body(w, ids, positions, attend)
    row_type = w.tensor(["batch", HIDDEN])
    row = w.op("reshape", [x], row_type) if seq == 1 else w.op("pool", [x, mask], row_type, kind="last ")
    logits = w.op("linear", [row, w.parameter("head", [VOCABULARY, HIDDEN])], w.tensor(["batch", VOCABULARY]))
    chosen = w.op("argmax", [logits], w.tensor(["batch"], "i32"))
    arguments = [f'{n}: {t} {{girih.name = "{n[1:]}"{ranges.get(n, "")}}}' for n, t in inputs]
    arguments += [f'{value}: {type} {{girih.name = "{n}", girih.state}}' for n, (value, type) in states.items()]
    results = [f'{chosen[1]} {{girih.name = "next"}}', f'{logits[1]} {{girih.name = "logits"}}']
    results += [f"{type} {{girih.state = {len(inputs) + i}}}" for i, (_, type) in enumerate(last.values())]
    returned = [chosen, logits, *last.values()]
    return "\n".join([f"func.func @{name}({', '.join(arguments)}) -> ({', '.join(results)}) attributes {{girih.entry}} {{", *w.lines,
                      f"  return {', '.join(v for v, _ in returned)} : {', '.join(t for _, t in returned)}", "}"])


def parameters():
    sizes = {"table": [VOCABULARY, HIDDEN], "head": [VOCABULARY, HIDDEN], "norm": [HIDDEN]}
    for n in range(LAYERS):
        sizes |= {f"{n}.norm1": [HIDDEN], f"{n}.norm2": [HIDDEN], f"{n}.q": [HEADS * SIZE, HIDDEN], f"{n}.k": [GROUPS * SIZE, HIDDEN],
                  f"{n}.v": [GROUPS * SIZE, HIDDEN], f"{n}.o": [HIDDEN, HIDDEN], f"{n}.gate": [INNER, HIDDEN], f"{n}.up": [INNER, HIDDEN],
                  f"{n}.down": [HIDDEN, INNER]}
    lines = [f'girih.parameter @"{name}" : tensor<{"x".join(map(str, shape))}xf32>' for name, shape in sizes.items()]
    angles = np.arange(POSITIONS)[:, None] * 100.0 ** (-np.arange(SIZE // 2) / (SIZE // 2))
    for name, values in (("cos", np.cos(angles)), ("sin", np.sin(angles))):
        type = f"tensor<{POSITIONS}x{SIZE // 2}xf32>"
        lines.append(f'girih.parameter @{name} : {type} {{value = dense<"0x{values.astype("<f4").tobytes().hex().upper()}"> : {type}}}')
    return lines


def tiny_llama(max_batch=4, max_seq=300):
    symbols = {"batch": max_batch, "seq": max_seq, "total": POSITIONS, "slots": 4096}
    return "\n".join([*(f"girih.symbol @{name} {{min = 1 : i64, max = {most} : i64}}" for name, most in symbols.items()), *parameters(),
                      logits_entry(), step_entry("prefill", "seq"), step_entry("decode", 1)]) + "\n"


if __name__ == "__main__":
    print(tiny_llama(), end="")
