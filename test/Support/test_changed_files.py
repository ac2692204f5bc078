"""A model's file that is replaced, rewritten or cut between its import and the reading of its weights is one error, and no artifact is
left: the compiler's progress tells when the import is over, and the file is changed then."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

BUILD = Path(os.environ.get("GIRIH_BUILD", Path(__file__).parents[2] / "build/dev"))
LIBRARY = BUILD / "lib/libGirih.so"
TINY = Path(__file__).parents[1] / "Import/Inputs/tiny.py"
pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the compiler's library is not built")

PROGRESS = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint64)


class Options(ctypes.Structure):
    """girih_compile_options"""

    _fields_ = [("struct_bytes", ctypes.c_size_t)]
    _fields_ += [(name, ctypes.c_char_p) for name in ("model", "output", "target", "dtype", "weights", "contract", "emit", "begin")]
    _fields_ += [("max_sequence", ctypes.c_int64), ("max_batch", ctypes.c_int64), ("progress", PROGRESS), ("remark", ctypes.c_void_p),
                 ("interrupted", ctypes.c_void_p), ("user", ctypes.c_void_p)]


class Status(ctypes.Structure):
    """girih_compiler_status"""

    _fields_ = [("exit_status", ctypes.c_int), ("code", ctypes.c_char * 64), ("message", ctypes.c_char * 4032)]


def compile_and_change(model, output, change):
    """Compiles; `change` runs once, after the import."""
    pending = [change]

    @PROGRESS
    def progress(_, step, done, total):
        if step != b"import" and pending:
            pending.pop()()

    options = Options(struct_bytes=ctypes.sizeof(Options), model=os.fsencode(model), output=os.fsencode(output), progress=progress)
    status = Status()
    ctypes.CDLL(str(LIBRARY)).girih_compile(ctypes.byref(options), None, ctypes.byref(status))
    assert not pending, "no step after the import"
    return status.exit_status, status.code.decode(), status.message.decode()


def rename_over(path):
    """Another file of the same size and time takes its place."""
    other, before = path.with_suffix(".new"), path.stat()
    other.write_bytes(bytes(path.read_bytes()[:-4]) + b"\0\0\0\0")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(other, path)


def rewrite(path):
    with open(path, "r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\0\0\0\0")
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))


def lengthen(path):
    with open(path, "ab") as file:
        file.write(b"\0")


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("change", [rename_over, rewrite, lengthen])
def test_a_changed_weight_file_is_noticed(tmp_path, change, shards):
    model = tmp_path / "model"
    subprocess.run([sys.executable, TINY, model, f"--shards={shards}"], check=True)
    last = sorted(model.glob("*.safetensors"))[-1]
    status, code, message = compile_and_change(model, tmp_path / "out.girih", lambda: change(last))
    assert (status, code) == (3, "changed-file"), message
    assert last.name in message and "compile again" in message
    assert os.listdir(tmp_path) == ["model"]


def test_a_model_left_alone_compiles(tmp_path):
    subprocess.run([sys.executable, TINY, tmp_path / "model"], check=True)
    assert compile_and_change(tmp_path / "model", tmp_path / "out.girih", lambda: None) == (0, "", "")
    assert (tmp_path / "out.girih").exists()
