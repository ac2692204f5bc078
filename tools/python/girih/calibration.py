"""Calibration: what the linear layers of a model read over a text, the least and the greatest, which fixes the units of 8-bit integers.

The model runs on this CPU in float32, compiled so that its entry tells the extremes of every row that a linear layer reads. What it finds is a
text file that can be read, shared and kept with the model; `girihc --calibrate` reads it.
"""

import tempfile
from pathlib import Path

import numpy as np

from ._errors import Error
from ._files import write_whole
from .text import Language, Tokenizer, find_tokenizer, read_text

HEADER = "# girih ranges: layer, least and greatest element that it reads\n"
BATCH = 8      # texts at once
WINDOW = 512   # tokens at once, of decoders


def is_ranges(path) -> bool:
    """Whether a file is what `calibrate` writes."""
    try:
        with open(path, "rb") as file:
            return file.read(13) == HEADER[:13].encode()
    except OSError as error:
        raise Error(f"expected a text or ranges to calibrate with at {path}, but: {error.strerror}", "missing-file", 3) from None


def calibrate(model, text, out, tokenizer=None, progress=None) -> dict:
    """Runs a text through a model and writes the ranges that `girih.compile(..., dtype="int8", calibrate=out)` reads.

    model      a Hugging Face directory or a GGUF file
    text       a file in UTF-8; of encoders every line is a text, of decoders the file is one
    out        the file of ranges, which appears whole or not at all
    tokenizer  tokenizer.json or its directory (default: the model's)
    progress   called with (done, all) texts or windows

    Returns the least and the greatest element by layer. Raises girih.Error.
    """
    ranges = measure(Path(model), Path(text), tokenizer, progress)
    lines = (f"{layer} {least:.9g} {greatest:.9g}\n" for layer, (least, greatest) in ranges.items())
    write_whole(out, (HEADER + "".join(lines)).encode())
    return ranges


def measure(model: Path, text: Path, tokenizer=None, progress=None) -> dict:
    from .compiler import _compile
    from .model import load

    content = read_text(text)
    with tempfile.TemporaryDirectory() as place:
        artifact = Path(place) / "observed.girih"
        _compile(model, artifact, dtype="f32", observe_ranges=True)
        observed = load(artifact)
        names = [line.split(" ") for line in (observed.metadata("observed") or "").splitlines()]
        if not names:
            raise Error(f"{model} has no linear layers to calibrate", "nothing-to-calibrate", 3)
        batches = list(_batches(observed, model, content, tokenizer))
        greatest = np.full(2 * len(names), -np.inf, np.float32)  # those of the second half are of the least elements, negated
        for done, (entry, inputs, kept) in enumerate(batches):
            if progress is not None:
                progress(done, len(batches))
            extremes = observed._run(entry, inputs)[-1][kept]
            extremes[:, len(names):] *= -1
            greatest = np.maximum(greatest, extremes.max(axis=0))
    most, least = greatest[:len(names)], -greatest[len(names):]
    return {layer: (float(least[i]), float(most[i])) for i, layers in enumerate(names) for layer in layers}


def _batches(observed, model: Path, content: str, tokenizer):
    """(entry, inputs, which rows are tokens) of every run."""
    if any(entry.name == "encode" for entry in observed.entries):
        texts = [line for line in content.splitlines() if line.strip()]
        _check_some(texts, "a line")
        tokens = Tokenizer(find_tokenizer(model, tokenizer), observed.limits["seq"][1], model)
        for i in range(0, len(texts), BATCH):
            ids, mask = tokens(texts[i:i + BATCH])
            yield "encode", [ids, mask], mask != 0
        return
    ids = np.array(Language(observed, tokenizer).encode(content), np.int32)
    _check_some(ids, "a token")
    window = min(WINDOW, observed.limits["seq"][1])
    for i in range(0, len(ids), window):
        part = ids[None, i:i + window]
        yield "logits", [part], np.ones(part.shape, bool)


def _check_some(found, what) -> None:
    if len(found) == 0:
        raise Error(f"expected a text of at least {what} to calibrate with, but it is empty", "bad-prompt", 3)
