"""The command `girih`: embeds text with a model directory or a compiled artifact."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from . import Error, __version__, compile, load
from .text import Tokenizer, find_tokenizer

BATCH = 32


def parse(arguments):
    parser = argparse.ArgumentParser(prog="girih", description="Runs transformers that Girih compiled; to compile ahead of time use girihc.")
    parser.add_argument("--version", action="version", version=f"girih {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    embed = commands.add_parser("embed", help="turn texts into vectors and show how alike they are")
    embed.add_argument("model", metavar="MODEL_OR_ARTIFACT", type=Path, help="a Hugging Face directory (compiled first) or a .girih file")
    embed.add_argument("--text", action="append", default=[], help="a text; may be given several times")
    embed.add_argument("--file", type=Path, help="a file with one text a line")
    embed.add_argument("--tokenizer", type=Path, help="tokenizer.json or its directory (default: the model's)")
    embed.add_argument("--threads", type=int, help="threads to run with (default: all cores)")
    embed.add_argument("--json", action="store_true", help="print texts and vectors as JSON")
    embed.add_argument("--output", type=Path, metavar="FILE.npy", help="write the vectors as a NumPy file")
    options = parser.parse_args(arguments)
    if options.file:
        options.text += options.file.read_text().splitlines()
    if not options.text:
        embed.error("give at least one --text or a --file")
    if options.threads is not None and options.threads < 1:
        embed.error(f"--threads expects a number of at least 1, but got {options.threads}")
    return options


def embed(options):
    """The vectors of the texts, in order; pooled models only."""
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="girih-") as folder:
        directory, artifact = options.model, options.model
        if options.model.is_dir():
            artifact = Path(folder) / "model.girih"
            compile(options.model, artifact)
        model = load(artifact, options.threads)
        if not options.model.is_dir():
            directory = Path(model.metadata("model") or artifact.parent)
        tokenizer = Tokenizer(find_tokenizer(directory, options.tokenizer), longest(model))
        vectors = np.concatenate([model.encode(*tokenizer(options.text[i:i + BATCH])) for i in range(0, len(options.text), BATCH)])
    if vectors.ndim != 2:
        raise Error("the model gives one vector a token, not one a text; its directory has no pooling module", "unsupported-module", 3)
    return vectors


def longest(model) -> int:
    """The longest sequence the artifact accepts: the bound of its ids' second dimension."""
    ids = next(entry for entry in model.entries if entry.name == "encode").inputs[0]
    size = ids.shape[1]
    return size if isinstance(size, int) else model.limits[size][1]


def show(texts, vectors):
    """Cosine similarities as a small table, one row a text."""
    import numpy as np

    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    width = min(60, max(map(len, texts)))
    for i, text in enumerate(texts):
        label = text if len(text) <= width else text[:width - 3] + "..."
        print(f"{i + 1:3} {label:{width}} " + " ".join(f"{x:6.3f}" for x in unit @ unit[i]))
    print(f"{len(texts)} vector{'s' * (len(texts) != 1)} of {vectors.shape[1]}; the columns are cosine similarities")


def main(arguments=None) -> int:
    options = parse(arguments)
    try:
        vectors = embed(options)
        if options.output:
            import numpy as np

            np.save(options.output, vectors)
        if options.json:
            print(json.dumps([{"text": t, "vector": v.tolist()} for t, v in zip(options.text, vectors)]))
        elif not options.output:
            show(options.text, vectors)
    except Error as error:
        print(f"error: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
