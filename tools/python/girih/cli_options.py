"""What the commands share: a model or an artifact, how it is compiled, and how it runs."""

import argparse
import math
import sys
import time
from pathlib import Path

from . import Error, cache, load


def number(least, most=math.inf, above=False, kind=float):
    """A parser of numbers from `least` (or above it) to `most`."""
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a number, but got '{text}'") from None
        if not least <= value <= most or value == math.inf or (above and value == least):
            bounds = f"{'above' if above else 'of at least'} {least}" + (f" and at most {most}" if most != math.inf else "")
            raise argparse.ArgumentTypeError(f"expected a number {bounds}, but got {text}")
        return value

    return parse


def whole(least, most=math.inf):
    return number(least, most, kind=int)


positive = whole(1)


def model_arguments(parser) -> None:
    parser.add_argument("model", metavar="MODEL_OR_ARTIFACT", type=Path,
                        help="a Hugging Face directory or a GGUF file (compiled first, and kept), or a .girih file")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json or its directory (default: the model's)")
    parser.add_argument("--threads", type=positive, help="threads to run with (default: all cores)")
    parser.add_argument("--target", help="machine that a model is compiled for: cpu, cpu:NAME, nvidia:NAME, systolic:NAME, or a facts file in "
                        "the place of NAME (default: this CPU)")
    parser.add_argument("--dtype", choices=("f32", "bf16", "int8"),
                        help="compute type that a model is compiled with (default: f32; bf16 for a GPU and a systolic machine; int8: only for the latter)")
    parser.add_argument("--calibrate", type=Path, metavar="FILE", help="int8: a text to take ranges from, or what girih calibrate wrote")
    parser.add_argument("--max-seq-len", type=positive, help="longest sequence that a model is compiled for (default: the model's own)")


def artifact_of(options, report=None) -> Path:
    """The artifact that was named, or that of the model that was named. `report` is told what a compilation took."""
    if cache.is_artifact(options.model):
        refuse_compiling(options)
        return options.model
    target = options.target or "cpu"
    dtype = options.dtype or ("bf16" if target.startswith(("nvidia", "systolic")) else "f32")
    found = cache.compiled(options.model, announce=lambda: print(f"compiling {options.model} ...", file=sys.stderr, flush=True),
                           target=target, dtype=dtype, max_seq_len=options.max_seq_len, calibrate=options.calibrate)
    if report is not None:
        report(found)
    elif not found.kept:
        print(f"compiled in {found.seconds:.1f} s: {found.artifact}", file=sys.stderr)
    return found.artifact


def refuse_compiling(options) -> None:
    """Options of the compiler would change nothing in an artifact."""
    given = [name for name in ("target", "dtype", "calibrate", "max_seq_len") if getattr(options, name) is not None]
    if given:
        name = "--" + given[0].replace("_", "-")
        raise Error(f"{name} says how to compile, but {options.model} is an artifact; name the model, or leave {name} out", "bad-option", 2)


KINDS = {"encode": "an encoder, for `girih embed`", "prefill": "a language model, for `girih generate`"}


def load_model(options, entry):
    """Loads what artifact_of names, a model with this entry point."""
    model = load_whole(options)
    names = [each.name for each in model.entries]
    if entry not in names:
        kind = next((kind for name, kind in KINDS.items() if name in names), f"a model with the entry points {', '.join(names)}")
        raise Error(f"expected {KINDS[entry].partition(',')[0]}, but {options.model} is {kind}", "wrong-model", 2)
    return model


def load_whole(options):
    """An artifact that the cache kept but that is damaged, or of another version, is made anew."""
    artifact = artifact_of(options)
    try:
        return load(artifact, options.threads)
    except Error as error:
        if artifact == options.model or error.code not in ("damaged-artifact", "unsupported-format"):
            raise
    cache.discard(artifact)
    return load(artifact_of(options), options.threads)


class Progress:
    """Where work takes long, says on standard error every two seconds how far it is."""

    def __init__(self, total, unit):
        self.total, self.unit = total, unit
        self.began = self.told = time.monotonic()

    def at(self, done) -> None:
        now = time.monotonic()
        if now - self.told > 2:
            print(f"{done} of {self.total} {self.unit} in {now - self.began:.0f} s", file=sys.stderr)
            self.told = now
