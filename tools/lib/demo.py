"""The quickstart's demonstration: compiles MiniLM, embeds sentences, and measures what it claims.

Everything printed is computed here: the compile time and artifact size of the artifact at hand, the time of a batch of sentences, the
floating-point operations by the artifact's own count, and the machine's FMA peak as girih-run measures it.
"""

import argparse
import hashlib
import json
import statistics
import subprocess
import time
from pathlib import Path

import girih
import numpy as np
from girih.text import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
SENTENCES = [
    "A cat sleeps on the warm windowsill.",
    "A kitten is napping in the sun by the window.",
    "The compiler lays every transformer from a small set of tiles.",
    "Neural networks are translated into fast machine code.",
    "Interest rates rose again in March.",
]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="where the artifact is kept")
    parser.add_argument("--programs", type=Path, default=ROOT / "build/release/bin")
    return parser.parse_args()


def fingerprint(model):
    """Changes with the compiler and the model: their files' names, sizes and times."""
    package = Path(girih.__file__).parent
    files = sorted([*model.rglob("*"), *package.glob("*"), *package.parent.glob("girih.libs/*")])
    stats = [(str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files if f.is_file() and "__pycache__" not in f.parts]
    return hashlib.sha256(repr(stats).encode()).hexdigest()


def compiled(model, cache):
    """(artifact, seconds its compilation took): compiled now, or kept from a run with the same compiler and model."""
    artifact, note = cache / "minilm.girih", cache / "minilm.json"
    print_now = fingerprint(model)
    if artifact.exists() and note.exists():
        kept = json.loads(note.read_text())
        if kept["fingerprint"] == print_now:
            return artifact, kept["seconds"], True
    cache.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    girih.compile(model, artifact)
    seconds = time.perf_counter() - begin
    note.write_text(json.dumps({"fingerprint": print_now, "seconds": seconds}))
    return artifact, seconds, False


def show_similarities(vectors):
    print("cosine similarities")
    for i, (sentence, row) in enumerate(zip(SENTENCES, vectors @ vectors.T)):
        print(f"  {i + 1} {sentence:<64}" + " ".join(f"{x:5.2f}" for x in row))


def time_batch(model, ids, mask, seconds=1.5):
    """Median seconds of one call, after a warm-up."""
    for _ in range(3):
        model.encode(ids, mask)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        model.encode(ids, mask)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def peak_flops(programs, artifact, threads):
    """The machine's measured FMA peak at this thread count, in operations a second."""
    command = [programs / "girih-run", artifact, "--benchmark", "--json", "--repeats=1", f"--threads={threads}"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return report["peak_gflops"] * 1e9


def main():
    options = parse()
    artifact, seconds, kept = compiled(options.model, options.cache)
    print(f"MiniLM compiled for this CPU in {seconds:.2f} s{' (an earlier run)' if kept else ''}: {artifact}, "
          f"{artifact.stat().st_size / 1e6:.1f} MB")
    model = girih.load(artifact)
    tokenizer = Tokenizer(options.model / "tokenizer.json", model.limits["seq"][1])
    show_similarities(model.encode(*tokenizer(SENTENCES)))

    ids, mask = tokenizer(SENTENCES * 6)
    took = time_batch(model, ids, mask)
    statistics_of_run = model.statistics
    print(f"{took / len(ids) * 1e3:.2f} ms a sentence, {len(ids)} at once of {ids.shape[1]} tokens on {statistics_of_run['threads']} threads")
    peak = peak_flops(options.programs, artifact, statistics_of_run["threads"])
    rate = statistics_of_run["flops"] / took
    print(f"{rate / 1e9:.0f} GFLOP/s, {rate / peak:.0%} of this machine's measured FMA peak of {peak / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
