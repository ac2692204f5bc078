"""Loading and running artifacts: a thin, checked layer over the runtime's C interface."""

import os
from typing import NamedTuple, Optional

import numpy as np

from . import _runtime
from ._errors import Error


class Value(NamedTuple):
    """An input or output of an entry point; a dimension is a number or the text of a size expression such as "batch"."""

    name: str
    dtype: str
    shape: tuple


class Entry(NamedTuple):
    name: str
    launches: int
    inputs: tuple
    outputs: tuple


class Model:
    """A loaded artifact. Its weights are mapped, not copied. Safe to use from several threads: calls on one model take turns."""

    def __init__(self, path, threads: Optional[int] = None):
        if threads is not None and threads < 1:
            raise ValueError(f"expected threads to be at least 1, but got {threads}")
        self.path = os.path.abspath(os.fspath(path))
        self._handle = _runtime.Model(self.path, threads or 0)
        self.entries = tuple(Entry(name, launches, tuple(Value(*v) for v in inputs), tuple(Value(*v) for v in outputs))
                             for name, launches, inputs, outputs in self._handle.entries())
        self._encode = next((i for i, entry in enumerate(self.entries) if entry.name == "encode"), None)

    @property
    def limits(self) -> dict:
        """The least and greatest value of every symbol in the shapes: {"batch": (1, 64), "seq": (1, 512)}."""
        return self._handle.limits()

    def metadata(self, key: str) -> Optional[str]:
        """What the artifact says of itself under `key`, such as "model", "target" or "contract"; None where it says nothing."""
        return self._handle.property(key)

    @property
    def statistics(self) -> dict:
        """Of the last run: seconds, launches, flops, bytes, arena_bytes, threads."""
        return self._handle.statistics()

    def encode(self, ids, mask=None) -> np.ndarray:
        """Runs the encoder on token ids [batch, sequence] and returns float32: [batch, hidden] where the model pools, else
        [batch, sequence, hidden]. `mask` is 1 for tokens and 0 for padding; without it every position is a token."""
        if self._encode is None:
            raise Error(f"{self.path} has no entry point 'encode'", "unknown-entry", 2)
        ids = _tokens(ids, "ids")
        mask = np.ones_like(ids) if mask is None else _tokens(mask, "mask")
        if ids.shape != mask.shape:
            raise ValueError(f"expected ids and mask of one shape, but got {ids.shape} and {mask.shape}")
        return self._handle.run(self._encode, [ids, mask])[0]

    def __repr__(self) -> str:
        return f"<girih.Model {self.path!r}: {', '.join(entry.name for entry in self.entries)}>"


def load(path, threads: Optional[int] = None) -> Model:
    """Loads and verifies an artifact. `threads` defaults to the machine's cores."""
    return Model(path, threads)


def _tokens(values, name) -> np.ndarray:
    """Lists and integer arrays become a contiguous int32 matrix; what does not fit is refused, never wrapped."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"expected {name} to have rows of one length; pad the shorter ones and give a mask") from None
    if array.dtype == np.bool_ and name == "mask":
        array = array.astype(np.int32)
    if array.dtype.kind not in "iu" or array.ndim != 2:
        raise ValueError(f"expected {name} to be integers [batch, sequence], but got {array.dtype} of shape {array.shape}")
    if array.size and (array.max() > 2**31 - 1 or array.min() < -(2**31)):
        raise ValueError(f"expected {name} to fit 32 bits, but got values from {array.min()} to {array.max()}")
    return np.ascontiguousarray(array, dtype=np.int32)
