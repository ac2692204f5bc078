"""Compiling: the compiler's libraries are loaded by the first call, so programs that only run models never pay for them."""

import os
import tempfile
from typing import NamedTuple, Optional

import numpy as np

from ._errors import ArgumentError
from ._paths import absolute


EXAMPLES = {"target": "cpu", "dtype": "f32", "weights": "packed", "contract": "stable"}


class Summary(NamedTuple):
    """What a compilation made: sizes in bytes, distinct kernels, and launches of all entry points."""

    file_bytes: int
    weight_bytes: int
    kernels: int
    launches: int


def compile(path, out, target: str = "cpu", dtype: str = "f32", max_seq_len: Optional[int] = None,
            max_batch: Optional[int] = None, weights: str = "packed", contract: str = "", calibrate=None) -> Summary:
    """Compiles a Hugging Face directory or a `.mlir` file in the girih dialect into one artifact.

    target       what to compile for: "cpu" is this machine, "cpu:NAME" another one, "nvidia:NAME" a GPU, "systolic:NAME" a systolic machine
    dtype        the compute type: "f32", "bf16", or on systolic machines "int8" (linear layers on integers, the rest in bf16)
    max_seq_len  the longest sequence the artifact accepts (default: the model's own limit)
    max_batch    the largest batch the artifact accepts (default: the importer's choice)
    weights      "packed" into the artifact, "external" (the model's files are mapped) or "random:SEED" (none are stored)
    contract     "exact", "stable" or "fast" (default: the module's own, else "stable")
    calibrate    with "int8": a text to take one unit for each tensor from, or the ranges that girih.calibrate wrote
                 (default: each row in units of its own)

    `out` appears whole or not at all. Raises girih.Error. Ctrl-C ends the compilation and leaves nothing behind.
    """
    options = {"target": target, "dtype": dtype, "weights": weights, "contract": contract, "max_seq_len": max_seq_len, "max_batch": max_batch}
    if calibrate is None:
        return _compile(path, out, **options)
    from .calibration import calibrate as find_ranges, is_ranges

    if dtype != "int8":
        raise ArgumentError(f"expected dtype to be 'int8' with calibrate, which only integers need, but got {dtype!r}")
    if is_ranges(calibrate):
        return _compile(path, out, calibration=calibrate, **options)
    with tempfile.TemporaryDirectory() as place:
        ranges = os.path.join(place, "ranges.txt")
        find_ranges(path, calibrate, ranges)
        return _compile(path, out, calibration=ranges, **options)


def _compile(path, out, target="cpu", dtype="f32", max_seq_len=None, max_batch=None, weights="packed", contract="", calibration=None,
             observe_ranges=False) -> Summary:
    from . import _compiler

    for name, value in (("target", target), ("dtype", dtype), ("weights", weights), ("contract", contract)):
        if not isinstance(value, str):
            raise ArgumentError(f"expected {name} to be a string such as {EXAMPLES[name]!r}, but got {value!r}")
    return Summary(**_compiler.compile(
        absolute(path), absolute(out), target, dtype, _limit(max_seq_len, "max_seq_len"),
        _limit(max_batch, "max_batch"), weights, contract, absolute(calibration) if calibration else b"", observe_ranges))


def _limit(value, name) -> int:
    """0 stands for the default in the C interface, so it is no value of ours."""
    if value is None:
        return 0
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise ArgumentError(f"expected {name} to be an integer of at least 1, but got {value!r}")
    return int(value)
