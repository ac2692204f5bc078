"""A small random encoder and its artifact, made once for all tests of the package."""

import girih
import pytest
from small_bert import make_bert


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    """(directory, transformers' model)"""
    directory = tmp_path_factory.mktemp("bert")
    return directory, make_bert(directory)


@pytest.fixture(scope="session")
def artifact(bert, tmp_path_factory):
    path = tmp_path_factory.mktemp("artifacts") / "bert.girih"
    girih.compile(bert[0], path)
    return path
