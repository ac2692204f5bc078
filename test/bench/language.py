"""Times Girih beside llama.cpp on language models from GGUF files, interleaved: tokens/s of prefill and of decode.

A round runs both engines once on one file, each in a process of its own, and the order changes from round to round, so a machine that
slows for a while slows both. Medians over the rounds are reported with quartiles, and Girih's speed relative to llama.cpp. The file as it
comes is timed, and others that llama.cpp's own tool requantizes from it.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

from bench import ROOT, cpu_name, quartiles, say

BEGIN, END = "<!-- measured by test/bench/run --decoders -->", "<!-- end of decoders -->"
AS_IT_COMES = "as it comes"
FORMATS = f"{AS_IT_COMES},F32,Q8_0,Q4_0,Q4_K_M"


def parse():
    parser = argparse.ArgumentParser(prog="test/bench/run --decoders", description=__doc__.split("\n\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="GGUF file (test/bench/run gives SmolLM2's)")
    parser.add_argument("--llama", type=Path, required=True, help="folder of llama-bench and llama-quantize (test/bench/run builds them)")
    parser.add_argument("--formats", default=FORMATS, help=f"comma-separated (default: {FORMATS})")
    parser.add_argument("--threads", default="1,2", help="comma-separated thread counts (default: 1,2)")
    parser.add_argument("--prompt", type=int, default=512, help="tokens of the prefill (default: 512)")
    parser.add_argument("--context", type=int, default=16, help="tokens before decode begins (default: 16)")
    parser.add_argument("--new-tokens", type=int, default=64, help="tokens decoded (default: 64)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    parser.add_argument("--cache", type=Path, default=ROOT / "build/bench", help="where requantized files are kept")
    parser.add_argument("--json", action="store_true", help="print the measurements as JSON")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    return parser.parse_args()


def output_of(engine, command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"error: {engine} ended with status {done.returncode}: {done.stderr.strip().splitlines()[-1:]}; run it by hand: "
                 + " ".join(map(str, command)))
    return done.stdout


def girih_rates(options, file, threads):
    """(prefill, decode) in tokens/s."""
    program = "import sys; from girih.cli import main; sys.exit(main())"
    text = output_of("girih", [sys.executable, "-c", program, "bench", str(file), "--json", f"--threads={threads}", f"--prompts={options.prompt}",
                               f"--contexts={options.context}", f"--new-tokens={options.new_tokens}", "--repeats=1"])
    rates = {result["kind"]: result["tokens_per_second"] for result in json.loads(text)["results"]}
    return rates["prefill"], rates["decode"]


def llama_rates(options, file, threads):
    run = [str(options.llama / "llama-bench"), "-m", str(file), "-t", str(threads), "-r", "1", "-o", "json"]
    prefill = output_of("llama.cpp", [*run, "-p", str(options.prompt), "-n", "0"])
    decode = output_of("llama.cpp", [*run, "-p", "0", "-n", str(options.new_tokens), "-d", str(options.context)])
    return tuple(json.loads(text)[-1]["avg_ts"] for text in (prefill, decode))


ENGINES = {"girih": girih_rates, "llama.cpp": llama_rates}


def files_of(options):
    """The GGUF file of each format."""
    files = {}
    options.cache.mkdir(parents=True, exist_ok=True)
    for name in options.formats.split(","):
        files[name] = options.model if name == AS_IT_COMES else options.cache / f"{options.model.stem}.{name}.gguf"
        if not files[name].exists():
            say(f"requantizing to {name}")
            partial = files[name].with_suffix(".partial")
            output_of("llama-quantize", [str(options.llama / "llama-quantize"), "--allow-requantize", str(options.model), str(partial), name])
            partial.rename(files[name])
    return files


def measure(options, file, threads, engines=ENGINES):
    """Tokens/s of every round, as quartiles, for each kind and engine."""
    rates = {name: [] for name in engines}
    names = list(engines)
    for number in range(options.rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            rates[name].append(engines[name](options, file, threads))
    return {kind: {name: rate_quartiles([both[i] for both in values]) for name, values in rates.items()}
            for i, kind in enumerate(("prefill", "decode"))}


def rate_quartiles(rates):
    q = quartiles(rates)
    return {"median": q["median_ms"], "low": q["low_ms"], "high": q["high_ms"], "runs": q["runs"]}


def ratio(engines):
    return engines["girih"]["median"] / engines["llama.cpp"]["median"]


def table(results):
    lines = ["| weights | threads | | girih, tokens/s | llama.cpp, tokens/s | girih's speed to llama.cpp's |", "| --- " * 6 + "|"]
    for row in results:
        for kind in ("prefill", "decode"):
            engines = row[kind]
            cells = [f"{engines[n]['median']:.1f} ({engines[n]['low']:.1f} to {engines[n]['high']:.1f})" for n in ENGINES]
            lines.append(f"| {row['format']} | {row['threads']} | {kind} | " + " | ".join(cells) + f" | {ratio(engines):.2f} |")
    return "\n".join(lines)


def write_docs(report, text):
    page = ROOT / "docs/benchmarks.md"
    head, rest = page.read_text().split(BEGIN)
    about = (f"Measured {report['date']} by `{report['command']}` on {report['machine']}, load average {report['load']:.1f} before it began. "
             f"{report['model']}, prefill of {report['prompt']} tokens, decode after {report['context']}. Medians, quartiles in parentheses.")
    page.write_text(f"{head}{BEGIN}\n\n{about}\n\n{text}\n\n{END}{rest.split(END)[1]}")


def main():
    options = parse()
    load = os.getloadavg()[0]
    results = []
    for name, file in files_of(options).items():
        for threads in map(int, options.threads.split(",")):
            say(f"timing {name}, {threads} thread{'s' * (threads > 1)}")
            results.append({"format": name, "threads": threads, **measure(options, file, threads)})
    report = {"command": " ".join(["test/bench/run --decoders", *os.environ.get("GIRIH_BENCH_ARGUMENTS", "").split()]).strip(),
              "date": datetime.date.today().isoformat(), "machine": f"{cpu_name()}, {os.cpu_count()} cores", "load": load,
              "model": options.model.name, "prompt": options.prompt, "context": options.context, "results": results}
    text = table(results)
    print(json.dumps(report, indent=2) if options.json else text)
    if options.write:
        write_docs(report, text)


if __name__ == "__main__":
    main()
