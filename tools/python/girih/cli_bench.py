"""`girih bench`: how fast a decoder reads prompts and writes tokens, and what share of the machine's measured peaks that is."""

import json
import statistics
import time

import numpy as np

from . import Error, _runtime
from .cli_options import Progress, load_model, model_arguments, positive


def add(commands):
    parser = commands.add_parser("bench", help="measure prefill and decode of a language model",
                                 description="Measures prefill of prompts of several lengths and decode after contexts of several lengths.")
    model_arguments(parser)
    parser.add_argument("--prompts", type=several, default=[128, 512], metavar="N,N", help="prompt lengths (default: 128,512)")
    parser.add_argument("--contexts", type=several, default=[16, 512], metavar="N,N", help="tokens before decode begins (default: 16,512)")
    parser.add_argument("--new-tokens", type=positive, default=32, metavar="N", help="tokens decoded in each run (default: 32)")
    parser.add_argument("--repeats", type=positive, default=5, metavar="N", help="runs of each, after one that does not count (default: 5)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.set_defaults(run=run, check=lambda options, parser: None)


def several(text):
    return [positive(part) for part in text.split(",")]


def run(options) -> int:
    model = load_model(options, "prefill")
    longest = model.cache["longest"]
    for length in [*options.prompts, *(context + options.new_tokens for context in options.contexts)]:
        if length > longest:
            raise Error(f"the model takes {longest} tokens, but {length} were asked for; give smaller --prompts and --contexts",
                        "size-out-of-bounds", 2)
    bench = Bench(model, options)
    results, progress = [], Progress(len(options.prompts) + len(options.contexts), "measurements")
    for measure, lengths in ((bench.prefill, options.prompts), (bench.decode, options.contexts)):
        for length in lengths:
            results.append(measure(length))
            progress.at(len(results))
    threads = model.statistics["threads"]
    gflops, gbytes = _runtime.measure_peaks(threads)
    for result in results:
        result["fma_share"] = result["gflops"] / gflops if gflops else None
        result["bandwidth_share"] = result["gbytes_per_s"] / gbytes if gbytes else None
    if options.json:
        print(json.dumps({"model": str(options.model), "artifact": model.path, "threads": threads, "peak_gflops": gflops,
                          "peak_gbytes_per_s": gbytes, "results": results}))
    else:
        show(results, threads, gflops, gbytes)
    return 0


class Bench:
    def __init__(self, model, options):
        self.model, self.options = model, options
        self.tokens = np.random.default_rng(1).integers(0, model.cache["vocabulary"], model.cache["longest"]).astype(np.int32)

    def prefill(self, length):
        samples = []
        for _ in range(self.options.repeats + 1):
            with self.model.session() as session:
                samples.append(self._measure(lambda: session.advance(self.tokens[:length])))
        return self._result("prefill", length, length, samples[1:])

    def decode(self, context):
        samples = []
        with self.model.session() as session:
            session.advance(self.tokens[:context])
            for _ in range(self.options.repeats + 1):
                session.truncate(context)
                samples.append(self._decode_run(session))
        return self._result("decode", context, self.options.new_tokens, samples[1:])

    def _decode_run(self, session):
        """(seconds, flops, bytes, launches) of some tokens, one after the other; the tokens' values do not matter."""
        steps = [self._measure(lambda: session.advance(self.tokens[i:i + 1])) for i in range(self.options.new_tokens)]
        return tuple(map(sum, zip(*steps)))

    def _measure(self, work):
        begin = time.perf_counter()
        work()
        seconds = time.perf_counter() - begin
        last = self.model.statistics
        return seconds, last["flops"], last["bytes"], last["launches"]

    @staticmethod
    def _result(kind, length, tokens, samples):
        seconds = sorted(sample[0] for sample in samples)
        median = statistics.median(seconds)
        _, flops, moved, launches = samples[0]
        return {"kind": kind, "length": length, "tokens": tokens, "seconds": median, "least_seconds": seconds[0],
                "greatest_seconds": seconds[-1], "tokens_per_second": tokens / median, "flops": flops, "bytes": moved,
                "launches_per_step": launches if kind == "prefill" else launches / tokens, "gflops": flops / median / 1e9,
                "gbytes_per_s": moved / median / 1e9}


def show(results, threads, gflops, gbytes):
    print(f"{'':8} {'length':>7} {'tokens/s':>10} {'spread':>7} {'GFLOP/s':>9} {'of peak':>8} {'GB/s':>7} {'of peak':>8}")
    for r in results:
        spread = (r["greatest_seconds"] - r["least_seconds"]) / r["seconds"]
        shares = [f"{share:.0%}" if share is not None else "-" for share in (r["fma_share"], r["bandwidth_share"])]
        print(f"{r['kind']:8} {r['length']:7} {r['tokens_per_second']:10.1f} {spread:7.1%} {r['gflops']:9.1f} {shares[0]:>8} "
              f"{r['gbytes_per_s']:7.1f} {shares[1]:>8}")
    print(f"{threads} threads; measured peaks: {gflops:.0f} GFLOP/s of f32 FMA, {gbytes:.1f} GB/s of memory reads")
