"""A small random encoder and its artifact, made once for all tests of the package."""

import girih
import pytest
from small_bert import make_bert


@pytest.fixture(scope="session", autouse=True)
def compiled_models(tmp_path_factory):
    """What commands compile goes elsewhere than the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


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
