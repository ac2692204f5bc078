"""Files that appear whole or not at all, as those that the compiler writes."""

import contextlib
import errno
import os
from pathlib import Path

from ._errors import Error

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_whole(path, data: bytes) -> None:
    """Writes `data` beside `path` and renames it once it is on disk; what `path` was stays until then."""
    path = Path(path)
    temporary = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        if path.exists() and not path.is_file():
            raise Error(f"expected the name of a regular file but '{path}' is something else", "cannot-write", 4)
        _write(temporary, data)
        os.replace(temporary, path)
    except OSError as error:
        full = error.errno in FULL
        way_out = "free some space or choose another place" if full else "check the path and its permissions"
        raise Error(f"cannot write '{path}': {error.strerror}; {way_out}", "disk-full" if full else "cannot-write", 4) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
