"""The importer against transformers, without the compiler: the graph interpreter in f64 gives transformers' f64 numbers for every
family, padded rows included, for what sentence-transformers puts behind an encoder, and for decoders."""

import json
import shutil
import subprocess

import numpy as np
import pytest
import torch

import decoders
import encoders

pytestmark = pytest.mark.skipif(shutil.which("girih-eval") is None, reason="girih-eval is not built")
# The graph's attributes (scale, epsilon) are f32; everything else is f64 on both sides.
TOLERANCE = 1e-6


def run_entry(model, inputs, folder, entry=None):
    """The first result of one entry (None: the model's only one), every op in f64."""
    files = [folder / f"input{i}.npy" for i in range(len(inputs))]
    for file, value in zip(files, inputs):
        np.save(file, value)
    subprocess.run(["girih-eval", str(model), *([f"--entry={entry}"] if entry else []), "--f64", f"--inputs={','.join(map(str, files))}", f"--output={folder / 'out.npy'}"],
                   check=True, capture_output=True, text=True)
    return np.load(folder / "out.npy")


def evaluate(directory, ids, mask, folder):
    return run_entry(directory, [ids, mask], folder)


def assert_close(ours, truth):
    assert ours.shape == truth.shape
    assert np.abs(ours - truth).max() <= TOLERANCE * np.abs(truth).max()


@pytest.mark.parametrize("family", encoders.FAMILIES)
def test_family(family, tmp_path):
    model = encoders.make(family, tmp_path)
    for batch, length in [(1, 1), (3, 33)]:
        ids, mask = encoders.inputs(model, batch, length)
        truth, _ = encoders.references(model, ids, mask, "f32")
        assert_close(evaluate(tmp_path, ids, mask, tmp_path), truth)


@pytest.mark.parametrize("family", decoders.FAMILIES)
def test_decoder(family, tmp_path):
    """Tables of rotary embeddings are f32, so logits are as far off as they."""
    model = decoders.make(family, tmp_path)
    for batch, length in [(1, 1), (3, 33)]:
        ids = decoders.inputs(model, batch, length)
        truth, _ = decoders.references(model, ids, "f32")
        assert_close(run_entry(tmp_path, [ids], tmp_path, "logits"), truth)


def add_sentence_modules(directory, modules):
    """modules: (class name, config or None) behind the transformer."""
    lines = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    for number, (name, config) in enumerate(modules, 1):
        folder = f"{number}_{name}"
        lines.append({"idx": number, "name": str(number), "path": folder, "type": f"sentence_transformers.models.{name}"})
        (directory / folder).mkdir()
        (directory / folder / "config.json").write_text(json.dumps(config or {}))
    (directory / "modules.json").write_text(json.dumps(lines))


def pooled(hidden, mask, mode):
    """sentence-transformers' definitions."""
    weights = mask[:, :, None].astype(np.float64)
    if mode == "cls":
        return hidden[:, 0]
    if mode == "max":
        return np.where(weights > 0, hidden, -1e9).max(1)
    if mode == "lasttoken":
        return hidden[np.arange(len(mask)), mask.sum(1) - 1]
    return (hidden * weights).sum(1) / weights.sum(1)


@pytest.mark.parametrize("mode", ["cls", "max", "mean", "lasttoken"])
def test_pooling(mode, tmp_path):
    model = encoders.make("bert", tmp_path)
    flag = {"cls": "cls_token", "max": "max_tokens", "mean": "mean_tokens", "lasttoken": "lasttoken"}[mode]
    add_sentence_modules(tmp_path, [("Pooling", {"word_embedding_dimension": 72, f"pooling_mode_{flag}": True}), ("Normalize", None)])
    ids, mask = encoders.inputs(model, 3, 12)
    hidden, _ = encoders.references(model, ids, mask, "f32")
    expected = pooled(hidden, mask, mode)
    assert_close(evaluate(tmp_path, ids, mask, tmp_path), expected / np.linalg.norm(expected, axis=1, keepdims=True))


def test_dense(tmp_path):
    from safetensors.torch import save_file

    model = encoders.make("bert", tmp_path)
    add_sentence_modules(tmp_path, [
        ("Pooling", {"word_embedding_dimension": 72, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}),
        ("Dense", {"in_features": 144, "out_features": 20, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"})])
    torch.manual_seed(3)
    weight, bias = torch.randn(20, 144) / 12, torch.randn(20)
    save_file({"linear.weight": weight, "linear.bias": bias}, tmp_path / "2_Dense" / "model.safetensors")
    ids, mask = encoders.inputs(model, 2, 12)
    hidden, _ = encoders.references(model, ids, mask, "f32")
    joined = np.concatenate([pooled(hidden, mask, "cls"), pooled(hidden, mask, "mean")], axis=1)
    assert_close(evaluate(tmp_path, ids, mask, tmp_path), np.tanh(joined @ weight.double().numpy().T + bias.double().numpy()))
