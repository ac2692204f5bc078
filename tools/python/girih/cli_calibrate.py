"""`girih calibrate`: the ranges of a model's linear layers over a text, for int8."""

import sys
import time
from pathlib import Path

from .calibration import calibrate


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
    ranges = calibrate(options.model, options.file, options.output, options.tokenizer, Progress())
    print(f"{len(ranges)} layers: {options.output}")
    return 0


class Progress:
    """Tells how far it is where that takes long."""

    def __init__(self):
        self.began = self.told = time.monotonic()

    def __call__(self, done, total):
        if (now := time.monotonic()) - self.told > 2:
            print(f"{done} of {total} batches in {now - self.began:.0f} s", file=sys.stderr, flush=True)
            self.told = now
