"""`girih embed`: texts to vectors with a model directory or a compiled artifact."""

import io
import json
from pathlib import Path

import numpy as np

from . import Error
from ._files import write_whole
from .cli_options import Progress, load_model, model_arguments
from .text import Tokenizer, find_tokenizer, read_text

BATCH = 32


def add(commands):
    embed = commands.add_parser("embed", help="turn texts into vectors and show how alike they are",
                                description="Turns texts into vectors and shows how alike they are. What sentence-transformers wrote beside the model "
                                            "holds: the default prompt, lower case, the longest text.")
    model_arguments(embed)
    embed.add_argument("--text", action="append", default=[], help="a text; may be given several times")
    embed.add_argument("--file", type=Path, help="a file with one text a line")
    embed.add_argument("--json", action="store_true", help="print texts and vectors as JSON")
    embed.add_argument("--output", type=Path, metavar="FILE.npy", help="write the vectors as a NumPy file")
    embed.set_defaults(run=run, check=check)


def check(options, parser):
    if options.file:
        options.text += read_text(options.file).splitlines()
    if not options.text:
        parser.error("give at least one --text or a --file")


def embed(options):
    """The vectors of the texts, in order; pooled models only."""
    model = load_model(options, "encode")
    directory = options.model if options.model.is_dir() else Path(model.metadata("model") or options.model.parent)
    tokenizer = Tokenizer(find_tokenizer(directory, options.tokenizer), longest(model), directory if directory.is_dir() else None)
    vectors = np.concatenate([model.encode(*tokenizer(texts)) for texts in batches(options.text)])
    if vectors.ndim != 2:
        raise Error("the model gives one vector a token, not one a text; its directory has no pooling module", "unsupported-module", 3)
    return vectors


def batches(texts):
    progress = Progress(len(texts), "texts")
    for i in range(0, len(texts), BATCH):
        progress.at(i)
        yield texts[i:i + BATCH]


def as_npy(vectors) -> bytes:
    content = io.BytesIO()
    np.save(content, vectors)
    return content.getvalue()


def longest(model) -> int:
    """The longest sequence the artifact accepts: the bound of its ids' second dimension."""
    ids = next(entry for entry in model.entries if entry.name == "encode").inputs[0]
    size = ids.shape[1]
    return size if isinstance(size, int) else model.limits[size][1]


def show(texts, vectors):
    """Cosine similarities as a small table, one row a text."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    width = min(60, max(map(len, texts)))
    for i, text in enumerate(texts):
        label = text if len(text) <= width else text[:width - 3] + "..."
        print(f"{i + 1:3} {label:{width}} " + " ".join(f"{x:6.3f}" for x in unit @ unit[i]))
    print(f"{len(texts)} vector{'s' * (len(texts) != 1)} of {vectors.shape[1]}; the columns are cosine similarities")


def run(options) -> int:
    vectors = embed(options)
    if options.output:
        write_whole(options.output, as_npy(vectors))
    if options.json:
        print(json.dumps([{"text": t, "vector": v.tolist()} for t, v in zip(options.text, vectors)]))
    elif not options.output:
        show(options.text, vectors)
    return 0
