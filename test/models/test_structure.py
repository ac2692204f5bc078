"""What the compiler makes of layers: one set of kernels whatever their number, and at most eight launches for each."""

import re
import subprocess

import pytest

import encoders

girih = pytest.importorskip("girih")


def stage(directory, name, target):
    """The module after a stage, as text."""
    command = ["girihc", str(directory), f"--target={target}", f"--emit={name}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def kernels(text):
    return set(re.findall(r"func\.func private @([\w$.-]+|\"[^\"]+\")[^\n]*girih\.kernel", text))


def launches(text):
    return len(re.findall(r"girih\.launch ", text))


@pytest.fixture(scope="module", params=["bert", "distilbert"])
def outlined(request, tmp_path_factory, target):
    """The outlined modules of the same model with 2 and with 12 layers."""
    result = {}
    key = "n_layers" if request.param == "distilbert" else "num_hidden_layers"
    for layers in (2, 12):
        directory = tmp_path_factory.mktemp(f"{request.param}-{layers}")
        encoders.make(request.param, directory, **{key: layers})
        result[layers] = stage(directory, "outline", target)
    return result


def test_kernels_do_not_grow_with_layers(outlined):
    assert kernels(outlined[2])
    assert len(kernels(outlined[2])) == len(kernels(outlined[12]))


def test_launches_per_layer(outlined):
    added = launches(outlined[12]) - launches(outlined[2])
    assert added % 10 == 0
    assert 1 <= added // 10 <= 8


def test_minilm(minilm, target, compiled):
    """Six layers of at most eight launches, and a few for embeddings, pooling and normalisation around them."""
    text = stage(minilm, "outline", target)
    assert launches(text) <= 6 * 8 + 6
    entry, = [entry for entry in girih.load(compiled(minilm)).entries if entry.name == "encode"]
    assert entry.launches == launches(text)
