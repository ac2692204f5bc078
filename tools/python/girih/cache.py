"""Compiled models are kept in a folder, so that a model is compiled once for this machine.

An artifact's name tells what it was made from: the model's files (path, size, time of change), the options, the compiler, and the CPU. The
compiler makes a file appear whole or not at all, and whoever compiles holds a lock that dies with the process: kill -9 at any moment leaves
the folder whole, and of several processes that want one artifact one compiles while the others wait.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import time
from pathlib import Path
from typing import NamedTuple

from . import _runtime
from ._errors import Error
from .compiler import compile

MAGIC = b"GIRIH\r\n\x1a"


class Compiled(NamedTuple):
    artifact: Path
    seconds: float  # that the compilation took
    kept: bool      # by an earlier one


def folder() -> Path:
    """XDG's: $XDG_CACHE_HOME/girih, by default ~/.cache/girih."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "girih"


def is_artifact(path) -> bool:
    """Whether a file starts as an artifact does."""
    path = Path(path)
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def compiled(model, announce=None, **options) -> Compiled:
    """The artifact of a model, compiled now or kept. `options` are those of girih.compile; `announce` is called before it compiles."""
    model = Path(os.path.abspath(model))
    if not model.exists():
        raise Error(f"expected a model or an artifact at {model}, but there is nothing", "missing-file", 3)
    place = folder()
    _make(place)
    stem = "".join(c if c.isalnum() or c in "-._" else "_" for c in model.stem)[:60] or "model"
    artifact = place / f"{stem}-{_key(model, options)}.girih"
    with _locked(artifact):
        if artifact.exists():
            os.utime(artifact)  # for whoever clears what was long unused
            return Compiled(artifact, _note(artifact).get("seconds", 0.0), True)
        if announce is not None:
            announce()
        begin = time.perf_counter()
        compile(model, artifact, **options)
        seconds = time.perf_counter() - begin
        _write_note(artifact, {"model": str(model), "seconds": seconds, "options": {name: value if value is None else str(value) for name, value in options.items()}})
        return Compiled(artifact, seconds, False)


def discard(artifact: Path) -> None:
    """Removes one artifact, which turned out to be damaged."""
    with _locked(artifact):
        for path in (artifact, artifact.with_suffix(".json")):
            path.unlink(missing_ok=True)


def contents() -> list:
    """(artifact, bytes, model) of all that is kept, the last used first."""
    found = [(path, path.stat(), _note(path).get("model", "")) for path in folder().glob("*.girih")]
    return [(path, stat.st_size, model) for path, stat, model in sorted(found, key=lambda item: -item[1].st_mtime)]


def clear() -> int:
    """Removes everything; returns the bytes that were kept. Artifacts in use stay readable to those who use them."""
    total = sum(size for _, size, _ in contents())
    for path, _, _ in contents():
        discard(path)
    for path in folder().glob("*.json*"):
        path.unlink(missing_ok=True)
    for path in folder().glob("*.girih.partial-*"):  # left by a kill, on a file system where files cannot be without names
        with _locked(path.with_name(path.name.partition(".partial-")[0])):
            path.unlink(missing_ok=True)
    return total


def _make(place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Error(f"cannot make the folder of compiled models {place}: {error.strerror}; set XDG_CACHE_HOME", "cannot-write", 4) from None


@contextlib.contextmanager
def _locked(artifact: Path):
    """One at a time for this artifact. The lock's file stays, empty: to remove it would let two hold it."""
    try:
        file = open(artifact.with_suffix(".lock"), "w")
    except OSError as error:
        raise Error(f"cannot write in {artifact.parent}: {error.strerror}; set XDG_CACHE_HOME", "cannot-write", 4) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _key(model: Path, options: dict) -> str:
    facts = Path(options.get("target", "cpu").partition(":")[2])  # a preset's name, or a file
    named = [_files(path) for path in (facts, options.get("calibrate")) if path and path.is_file()]
    identity = repr((_files(model), sorted(options.items(), key=str), named, _compiler_files(), _machine()))
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _files(model: Path) -> list:
    files = [model] if model.is_file() else sorted(path for path in model.rglob("*") if path.is_file())
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in ((path, path.stat()) for path in files)]


def _compiler_files() -> list:
    """The compiler that is installed, in the package or in the build folder that the package lies in: its version does not change with every
    build, its files do. It is not loaded for that."""
    package = Path(__file__).parent
    files = sorted({*package.glob("*.so*"), *package.parents[1].glob("lib/libGirih.so*")})
    return [_runtime.version(), *((path.name, stat.st_size, stat.st_mtime_ns) for path, stat in ((path, path.stat()) for path in files))]


def _machine() -> list:
    """What the compiler's "cpu" may depend on: the CPU's names, features and caches, and how many of them."""
    keys = ("vendor_id", "cpu family", "model", "model name", "stepping", "cache size", "flags")
    with open("/proc/cpuinfo") as info:
        first = dict(part.partition(":")[::2] for part in info.read().split("\n\n")[0].splitlines())
    first = {key.strip(): value.strip() for key, value in first.items()}
    return [os.cpu_count(), *((key, first.get(key, "")) for key in keys)]


def _note(artifact: Path) -> dict:
    try:
        return json.loads(artifact.with_suffix(".json").read_text())
    except (OSError, ValueError):
        return {}


def _write_note(artifact: Path, note: dict) -> None:
    """Beside the artifact, for people and for reports; nothing depends on it."""
    temporary = artifact.with_suffix(f".json.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(note))
        os.replace(temporary, artifact.with_suffix(".json"))
    except OSError:
        temporary.unlink(missing_ok=True)
