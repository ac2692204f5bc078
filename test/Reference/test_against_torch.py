"""Every graph op's reference implementation gives PyTorch's value in f64: the definitions of our ops are those that models were
trained with."""

import os
import shutil
import subprocess

import numpy as np
import pytest

torch = pytest.importorskip("torch")
F = torch.nn.functional

EVAL = shutil.which("girih-eval", path=os.path.join(os.environ.get("GIRIH_BUILD", ""), "bin") + os.pathsep + os.environ["PATH"])
TYPES = {np.dtype("float32"): "f32", np.dtype("int32"): "i32", np.dtype("int8"): "i8", np.dtype("bool"): "i1"}
RNG = np.random.default_rng(7)


def tensor_type(array_or_shape, element=None):
    shape = getattr(array_or_shape, "shape", array_or_shape)
    element = element or TYPES[array_or_shape.dtype]
    return "tensor<" + "".join(f"{size}x" for size in shape) + element + ">"


def floats(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def evaluate(tmp_path, op, inputs, result_types):
    """Runs `op` on the inputs %0, %1, ... in f64 and returns its results. `{types}` stands for the operands' types."""
    names = [f"%{i}" for i in range(len(inputs))]
    arguments = ", ".join(f"{name}: {tensor_type(value)}" for name, value in zip(names, inputs))
    count = len(result_types)
    results = ", ".join(f"%r#{i}" for i in range(count)) if count > 1 else "%r"
    types = ", ".join(result_types)
    operands = ", ".join(tensor_type(value) for value in inputs)
    module = f"""
func.func @main({arguments}) -> ({types}) attributes {{girih.entry}} {{
  %r{":" + str(count) if count > 1 else ""} = girih.{op} : ({operands}) -> {"(" + types + ")" if count > 1 else types}
  return {results} : {types}
}}
"""
    (tmp_path / "module.mlir").write_text(module)
    for i, value in enumerate(inputs):
        np.save(tmp_path / f"{i}.npy", value)
    command = [EVAL, str(tmp_path / "module.mlir"), "--f64", f"--output={tmp_path / 'out.npy'}"]
    command.append("--inputs=" + ",".join(str(tmp_path / f"{i}.npy") for i in range(len(inputs))))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, module + done.stdout + done.stderr
    return [np.load(tmp_path / ("out.npy" if i == 0 else f"out.{i}.npy")) for i in range(count)]


def check(tmp_path, op, inputs, expected):
    expected = expected if isinstance(expected, (list, tuple)) else [expected]
    types = [tensor_type(e.shape, "i32" if not e.dtype.is_floating_point else "f32") for e in expected]
    for actual, wanted in zip(evaluate(tmp_path, op, inputs, types), expected):
        np.testing.assert_allclose(actual, wanted.numpy(), rtol=1e-12, atol=1e-13)


def wide(*arrays):
    return [torch.from_numpy(a).double() if a.dtype == np.float32 else torch.from_numpy(a).long() for a in arrays]


@pytest.mark.parametrize("bias", [False, True])
def test_linear(tmp_path, bias):
    inputs = [floats(2, 5, 13), floats(7, 13)] + ([floats(7)] if bias else [])
    check(tmp_path, "linear %0, %1" + (", %2" if bias else ""), inputs, F.linear(*wide(*inputs)))


def torch_attention(query, key, value, scale, mask=None, bias=None, causal=False):
    groups = query.shape[2] // key.shape[2]
    query, key, value = (x.transpose(1, 2) for x in (query, key, value))
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scores = query @ key.transpose(2, 3) * scale
    if bias is not None:
        scores = scores + bias
    allowed = torch.ones(scores.shape, dtype=torch.bool)
    if mask is not None:
        allowed &= (mask != 0)[:, None, None, :]
    if causal:
        allowed &= torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    scores = scores.masked_fill(~allowed, -torch.inf)
    weights = scores.softmax(-1).nan_to_num(0.0)
    return (weights @ value).transpose(1, 2), scores.logsumexp(-1)


@pytest.mark.parametrize("heads, groups", [(4, 4), (4, 2), (3, 1)])
@pytest.mark.parametrize("causal", [False, True])
def test_attention(tmp_path, heads, groups, causal):
    inputs = [floats(2, 6, heads, 8), floats(2, 6, groups, 8), floats(2, 6, groups, 5)]
    expected = torch_attention(*wide(*inputs), 0.25, causal=causal)
    attributes = "{scale = 0.25 : f32, return_lse" + (", causal}" if causal else "}")
    check(tmp_path, f"attention %0, %1, %2 {attributes}", inputs, expected)


@pytest.mark.parametrize("shape", [(2, 4, 6, 9), (1, 1, 6, 9), (2, 1, 6, 9)])
def test_attention_with_mask_and_bias(tmp_path, shape):
    mask = (RNG.random((2, 9)) < 0.6).astype(np.int32)
    mask[1] = 0  # a row that may attend to nothing
    inputs = [floats(2, 6, 4, 8), floats(2, 9, 4, 8), floats(2, 9, 4, 8), mask, floats(*shape)]
    expected, _ = torch_attention(*wide(*inputs[:3]), 0.5, *wide(*inputs[3:]))
    check(tmp_path, "attention %0, %1, %2 mask %3 bias %4 {scale = 0.5 : f32}", inputs, expected)
    assert (expected[1] == 0).all()


def test_merge_attention(tmp_path):
    """Parts of the positions, each with its own softmax, give together the softmax over all; parts that saw nothing count for nothing."""
    scores, values = floats(2, 3, 4, 5) * 9, floats(2, 3, 4, 5, 8)  # [b, P, H, positions of a part], [.., e]
    scores[0, 1, 2] = -np.inf
    scores[1, :, 0] = -np.inf
    s, v = wide(scores, values)
    highest = s.amax(-1)
    exponentials = (s - highest.nan_to_num(neginf=0.0)[..., None]).exp()
    parts = [(exponentials[..., None] * v).sum(3), highest, exponentials.sum(-1)]
    inputs = [part.float().numpy() for part in parts]  # as the op sees them
    weighted, maximum, total = wide(*inputs)
    weight = (maximum - maximum.amax(1, keepdim=True)).exp().nan_to_num(0.0)
    expected = (weight[..., None] * weighted).sum(1) / (weight * total).sum(1).clamp(min=1e-300)[..., None]
    check(tmp_path, "merge_attention %0, %1, %2", inputs, expected[:, None])
    both = s.transpose(1, 2).flatten(2).softmax(-1).nan_to_num(0.0), v.transpose(1, 2).flatten(2, 3)
    np.testing.assert_allclose(expected, (both[0][:, :, None] @ both[1])[:, :, 0], rtol=0, atol=1e-5)


def test_cross_entropy(tmp_path):
    logits, labels = floats(2, 5, 17) * 9, np.int32([[0, 16, 3, -1, 2], [4, -1, -7, 9, 16]])
    x, l = wide(logits, labels)
    expected = F.cross_entropy(x.flatten(0, 1), l.clamp(min=-1).flatten(), reduction="none", ignore_index=-1)
    check(tmp_path, "cross_entropy %0, %1", [logits, labels], expected.view(2, 5))


# Attributes are f32: the number that the op sees.
EPSILON = float(np.float32(1e-5))


def test_rms_norm(tmp_path):
    x, w = floats(3, 4, 24), floats(24)
    expected = F.rms_norm(*wide(x), (24,), *wide(w), eps=EPSILON)
    check(tmp_path, "rms_norm %0, %1 {epsilon = 1.0e-5 : f32}", [x, w], expected)


@pytest.mark.parametrize("bias", [False, True])
def test_layer_norm(tmp_path, bias):
    inputs = [floats(3, 4, 24), floats(24)] + ([floats(24)] if bias else [])
    x, *rest = wide(*inputs)
    op = "layer_norm %0, %1" + (", %2" if bias else "") + " {epsilon = 1.0e-5 : f32}"
    check(tmp_path, op, inputs, F.layer_norm(x, (24,), *rest, eps=EPSILON))


def test_l2_normalize(tmp_path):
    x = floats(5, 24)
    x[2] = 0
    x[3] *= 1e-9
    check(tmp_path, "l2_normalize %0 {epsilon = 1.0e-5 : f32}", [x], F.normalize(*wide(x), dim=-1, eps=EPSILON))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_softmax(tmp_path, axis):
    x = floats(3, 4, 5) * 50
    check(tmp_path, f"softmax %0 {{axis = {axis} : i64}}", [x], wide(x)[0].softmax(axis))


UNARY = {
    "relu": torch.relu, "silu": F.silu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "exp": torch.exp, "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt, "neg": torch.neg, "reciprocal": torch.reciprocal, "erf": torch.erf, "gelu": F.gelu,
    "gelu approximate tanh": lambda x: F.gelu(x, approximate="tanh"),
}  # fmt: skip


@pytest.mark.parametrize("op", UNARY)
def test_unary(tmp_path, op):
    x = np.concatenate([floats(64), np.float32([0.5, 1, 8, -8, 30, -30])])
    if op in ("sqrt", "rsqrt"):
        x = np.abs(x)
    name, *attributes = op.split(" ", 1)
    check(tmp_path, " ".join([name, "%0", *attributes]), [x], UNARY[op](*wide(x)))


@pytest.mark.parametrize("activation", ["silu", "gelu", "gelu_tanh", "relu", "sigmoid"])
def test_gate(tmp_path, activation):
    gate, up = floats(4, 16), floats(4, 16)
    g, u = wide(gate, up)
    function = {"gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "relu": F.relu, "silu": F.silu, "gelu": F.gelu,
                "sigmoid": torch.sigmoid}[activation]  # fmt: skip
    check(tmp_path, f"gate {activation} %0, %1", [gate, up], function(g) * u)


BINARY = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "maximum": torch.maximum, "minimum": torch.minimum}


@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((2, 3, 4), (4,)), ((2, 1, 4), (3, 1)), ((1,), (2, 2))])
@pytest.mark.parametrize("op", BINARY)
def test_binary(tmp_path, op, shapes):
    inputs = [floats(*shape) for shape in shapes]
    check(tmp_path, f"{op} %0, %1", inputs, BINARY[op](*wide(*inputs)))


@pytest.mark.parametrize("kind", ["sum", "mean", "max", "min"])
@pytest.mark.parametrize("axes, keep", [((1,), False), ((0, 2), True), ((0, 1, 2), False)])
def test_reduce(tmp_path, kind, axes, keep):
    x = floats(3, 4, 5)
    function = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin}[kind]
    op = f"reduce {kind} %0 axes {list(axes)}" + (" keep_dims" if keep else "")
    check(tmp_path, op, [x], function(*wide(x), dim=axes, keepdim=keep))


def test_gather(tmp_path):
    data, indices = floats(3, 6, 2), np.int32([[5, 0], [2, 2]])
    expected = torch.from_numpy(np.take(data.astype(np.float64), indices, axis=1))
    check(tmp_path, "gather %0, %1 {axis = 1 : i64}", [data, indices], expected)


def test_concat(tmp_path):
    inputs = [floats(2, 3, 4), floats(2, 1, 4), floats(2, 2, 4)]
    check(tmp_path, "concat %0, %1, %2 {axis = 1 : i64}", inputs, torch.cat(wide(*inputs), 1))


def test_slice(tmp_path):
    x = floats(4, 6)
    check(tmp_path, "slice %0 offsets [1, 2] sizes [2, -1]", [x], wide(x)[0][1:3, 2:])


def test_reshape(tmp_path):
    x = floats(4, 6)
    check(tmp_path, "reshape %0", [x], wide(x)[0].reshape(2, 3, 4))


def test_transpose(tmp_path):
    x = floats(2, 3, 4)
    check(tmp_path, "transpose %0 [2, 0, 1]", [x], wide(x)[0].permute(2, 0, 1))


def test_cast(tmp_path):
    x = np.float32([-2.7, -0.5, 0.5, 2.7, 1e20, -1e20, np.nan])
    expected = torch.tensor([-2, 0, 0, 2, 2**31 - 1, -(2**31), 0])
    check(tmp_path, "cast %0", [x], expected)


@pytest.mark.parametrize("interleaved", [False, True])
def test_rope(tmp_path, interleaved):
    """The rotation as transformers writes it: LLaMA's rotate_half, GPT-J's rotate_every_two; 4 of 6 elements turn."""
    x, positions = floats(2, 3, 2, 6), np.int32([[0, 1, 2], [4, 4, 1]])
    angles = np.arange(5)[:, None] / 10000 ** (np.arange(2) / 2)
    cos, sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    (turned, passed), c, s = wide(x)[0].split([4, 2], -1), *(t[wide(positions)[0]][:, :, None] for t in wide(cos, sin))
    if interleaved:
        c, s = c.repeat_interleave(2, -1), s.repeat_interleave(2, -1)
        rotated = torch.stack((-turned[..., 1::2], turned[..., ::2]), -1).flatten(-2)
    else:
        c, s = torch.cat((c, c), -1), torch.cat((s, s), -1)
        rotated = torch.cat((-turned[..., 2:], turned[..., :2]), -1)
    expected = torch.cat((turned * c + rotated * s, passed), -1)
    op = "rope %0, %1, %2, %3" + (" {interleaved}" if interleaved else "")
    check(tmp_path, op, [x, positions, cos, sin], expected)


@pytest.mark.parametrize("kind", ["mean", "cls", "max", "last"])
def test_pool(tmp_path, kind):
    x, mask = floats(3, 4, 8), np.int32([[1, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0]])
    t, m = wide(x, mask)
    weight = m[..., None].double()
    if kind == "mean":  # sentence-transformers
        expected = (t * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
    elif kind == "cls":
        expected = t[:, 0]
    elif kind == "max":
        expected = t.masked_fill(weight == 0, -torch.inf).amax(1)
        expected[2] = 0
    else:
        expected = torch.stack([t[0, 1], t[1, 3], torch.zeros(8).double()])
    check(tmp_path, f"pool {kind} %0, %1", [x, mask], expected)


def test_embedding(tmp_path):
    table, ids = floats(10, 4), np.int32([[3, 9], [0, 3]])
    check(tmp_path, "embedding %0, %1", [table, ids], F.embedding(*reversed(wide(table, ids))))


def test_positions(tmp_path):
    ids = np.int32([[0, 5, 6, 2, 1, 1], [1, 1, 0, 7, 1, 2]])
    (t,) = wide(ids)
    mask = (t != 1).long()  # RoBERTa's create_position_ids_from_input_ids
    check(tmp_path, "positions skip_padding %0 {padding_index = 1 : i64}", [ids], mask.cumsum(1) * mask + 1)
    check(tmp_path, "positions absolute %0", [ids], torch.arange(6).expand(2, 6))
