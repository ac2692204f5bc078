"""`girih calibrate`: the ranges of a model's linear layers over a text, for int8."""

import sys
from pathlib import Path

from .calibration import calibrate
from .cli_options import Progress


def add(commands):
    parser = commands.add_parser("calibrate", help="find the ranges that int8 needs, with a text of yours",
                                 description="Runs a text through a model on this CPU and writes the least and the greatest element that each linear layer reads. "
                                             "girihc --dtype=int8 --calibrate=RANGES reads that.")
    parser.add_argument("model", metavar="MODEL", type=Path, help="a Hugging Face directory or a GGUF file")
    parser.add_argument("--file", type=Path, required=True, help="the text, UTF-8; of an encoder, every line is a text")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="RANGES", help="where the ranges go")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json or its directory (default: the model's)")
    parser.set_defaults(run=run, check=lambda options, parser: None)


def run(options) -> int:
    print(f"calibrating {options.model} ...", file=sys.stderr, flush=True)
    progress = Progress(0, "batches")

    def tell(done, total):
        progress.total = total
        progress.at(done)

    ranges = calibrate(options.model, options.file, options.output, options.tokenizer, tell)
    print(f"{len(ranges)} layers: {options.output}")
    return 0
