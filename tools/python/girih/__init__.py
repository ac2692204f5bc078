"""Girih: a compiler for transformers.

    girih.compile("path/to/model", "out.girih", target="cpu", dtype="f32")
    model = girih.load("out.girih", threads=None)
    model.encode(ids, mask)      # numpy float32
    model.generate(ids)          # an iterator of token ids

Loading and running need only the small runtime; the compiler's libraries are loaded by the first `compile`.
"""

from ._errors import ArgumentError, Error
from ._runtime import version as _version
from .calibration import calibrate
from .compiler import compile
from .model import Model, load
from .session import Sampling, Session

__version__ = _version()
__all__ = ["ArgumentError", "Error", "Model", "Sampling", "Session", "calibrate", "compile", "load", "__version__"]
