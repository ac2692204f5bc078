"""The quickstart's demonstration: embeds sentences with MiniLM, lets SmolLM2 answer a prompt, and measures what it claims.

Everything printed is computed here: the compile times and artifact sizes of the artifacts at hand, the time of a batch of sentences and of an
answer's tokens, operations and bytes by the artifacts' own count, and the machine's peaks as girih measures them.
"""

import argparse
import hashlib
import json
import statistics
import time
from pathlib import Path

import girih
import numpy as np
from girih._runtime import measure_peaks
from girih.text import Language, Tokenizer

SENTENCES = [
    "A cat sleeps on the warm windowsill.",
    "A kitten is napping in the sun by the window.",
    "The compiler lays every transformer from a small set of tiles.",
    "Neural networks are translated into fast machine code.",
    "Interest rates rose again in March.",
]
QUESTION = "Why do cats purr? Answer in two sentences."
NEW_TOKENS = 96


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--encoder", type=Path, required=True, help="MiniLM's directory")
    parser.add_argument("--decoder", type=Path, required=True, help="SmolLM2's GGUF file")
    parser.add_argument("--cache", type=Path, required=True, help="where the artifacts are kept")
    return parser.parse_args()


def fingerprint(model):
    """Changes with the compiler and the model: their files' names, sizes and times."""
    package = Path(girih.__file__).parent
    files = sorted([model, *model.rglob("*"), *package.glob("*"), *package.parent.glob("girih.libs/*")])
    stats = [(str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files if f.is_file() and "__pycache__" not in f.parts]
    return hashlib.sha256(repr(stats).encode()).hexdigest()


def compiled(model, artifact, title):
    """The artifact, compiled now or kept from a run with the same compiler and model; prints which."""
    note, print_now = artifact.with_suffix(".json"), fingerprint(model)
    kept = json.loads(note.read_text()) if artifact.exists() and note.exists() else {}
    again = kept.get("fingerprint") == print_now
    if not again:
        artifact.parent.mkdir(parents=True, exist_ok=True)
        print(f"Compiling {title} ...", flush=True)
        begin = time.perf_counter()
        girih.compile(model, artifact)
        kept = {"fingerprint": print_now, "seconds": time.perf_counter() - begin}
        note.write_text(json.dumps(kept))
    print(f"{title} compiled for this CPU in {kept['seconds']:.2f} s{' (an earlier run)' if again else ''}: {artifact}, "
          f"{artifact.stat().st_size / 1e6:.1f} MB")
    return artifact


#===-- MiniLM ------------------------------------------------------------------------------------------------------===#


def show_similarities(vectors):
    print("cosine similarities")
    for i, (sentence, row) in enumerate(zip(SENTENCES, vectors @ vectors.T)):
        print(f"  {i + 1} {sentence:<64}" + " ".join(f"{x:5.2f}" for x in row))


def time_batch(model, ids, mask, seconds=1.0):
    """Median seconds of one call, after a warm-up."""
    for _ in range(3):
        model.encode(ids, mask)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        model.encode(ids, mask)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def embed(directory, cache):
    model = girih.load(compiled(directory, cache / "minilm.girih", "MiniLM"))
    tokenizer = Tokenizer(directory / "tokenizer.json", model.limits["seq"][1])
    show_similarities(model.encode(*tokenizer(SENTENCES)))
    ids, mask = tokenizer(SENTENCES * 6)
    took = time_batch(model, ids, mask)
    last = model.statistics
    peak, _ = measure_peaks(last["threads"])
    rate = last["flops"] / took / 1e9
    print(f"{took / len(ids) * 1e3:.2f} ms a sentence, {len(ids)} at once of {ids.shape[1]} tokens on {last['threads']} threads; "
          f"{rate:.0f} GFLOP/s, {rate / peak:.0%} of this machine's measured FMA peak")


#===-- SmolLM2 -----------------------------------------------------------------------------------------------------===#


def answer(model, language, ids):
    """Streams an answer; (seconds to the first token, seconds of the others, how many, bytes that they moved)."""
    stream, times, moved = language.stream(), [time.perf_counter()], 0
    for token in model.generate(ids, max_new_tokens=NEW_TOKENS, stop=language.stop):
        times.append(time.perf_counter())
        moved += model.statistics["bytes"] if len(times) > 2 else 0
        if token not in language.stop:
            print(stream.add(token), end="", flush=True)
    print(stream.rest())
    return times[1] - times[0], times[-1] - times[1], len(times) - 2, moved


def talk(file, cache):
    model = girih.load(compiled(file, cache / "smollm2.girih", file.stem))
    language = Language(model)
    ids = language.chat([{"role": "user", "content": QUESTION}])
    print(f"> {QUESTION}")
    first, rest, count, moved = answer(model, language, ids)
    _, peak = measure_peaks(model.statistics["threads"])
    print(f"prompt of {len(ids)} tokens at {len(ids) / first:.0f} tokens/s, {count} more at {count / rest:.1f} tokens/s: "
          f"{moved / rest / 1e9:.1f} GB/s, {moved / rest / 1e9 / peak:.0%} of this machine's measured memory bandwidth of {peak:.1f} GB/s")


def main():
    options = parse()
    embed(options.encoder, options.cache)
    print()
    talk(options.decoder, options.cache)


if __name__ == "__main__":
    main()
