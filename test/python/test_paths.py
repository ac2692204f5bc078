"""Paths are the system's: text, bytes and path objects, of any bytes that a file name may have; in errors and metadata too."""

import os
import shutil
from pathlib import Path

import girih
import pytest

NAMES = ["mödél 模型", "two words", os.fsdecode(b"not\xffutf-8"), 'line\nand "quote"']


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_is_compiled_and_loaded(bert, tmp_path, name):
    model, out = tmp_path / name, tmp_path / (name + ".girih")
    shutil.copytree(bert[0], model)
    girih.compile(model, out)
    for path in (out, str(out), os.fsencode(out)):
        loaded = girih.load(path)
        assert loaded.encode([[2, 3]]).shape[0] == 1
        assert loaded.path == str(out) and loaded.metadata("model") == str(model)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_missing_file_is_an_error_of_ours(tmp_path, name):
    with pytest.raises(girih.Error) as caught:
        girih.compile(tmp_path / name, tmp_path / "out.girih")
    assert caught.value.code == "missing-file"
    with pytest.raises(girih.Error) as caught:
        girih.load(tmp_path / name)
    assert caught.value.code == "cannot-read" and str(tmp_path / name) in str(caught.value)


def test_a_path_with_nul_is_refused(artifact, tmp_path):
    with pytest.raises(ValueError, match="NUL"):
        girih.load(str(artifact) + "\0.girih")
    with pytest.raises(ValueError, match="NUL"):
        girih.compile(Path("x\0y"), tmp_path / "out.girih")


@pytest.mark.parametrize("threads", [1.5, "2"])
def test_threads_are_a_whole_number(artifact, threads):
    with pytest.raises(TypeError, match="integer"):
        girih.load(artifact, threads=threads)
