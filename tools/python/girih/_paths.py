"""Paths as the system has them: bytes, which need not be text in any encoding."""

import os

from ._errors import ArgumentError


def absolute(path) -> bytes:
    """The absolute path of text, bytes or a path object."""
    encoded = os.path.abspath(os.fsencode(path))
    if b"\0" in encoded:
        raise ArgumentError(f"expected a path without NUL, but got {path!r}")
    return encoded
