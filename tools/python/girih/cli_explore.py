"""`girih explore`: what a model costs on many systolic machines, whose facts are swept. Only time is simulated, so no weights are read."""

import argparse
import itertools
import json
import math
import os
import tempfile
from pathlib import Path

import numpy as np

from . import Error, compile, load
from ._files import write_whole
from .cli_options import positive

# What is shown of a run: title, the figure of a report, how it prints.
FIGURES = {
    "cycles": ("cycles", lambda r: r["cycles"], "{:,.0f}"),
    "milliseconds": ("ms", lambda r: r["seconds"] * 1e3, "{:.3f}"),
    "utilisation": ("utilised %", lambda r: 100 * r["utilisation"], "{:.1f}"),
    "dram_bytes": ("DRAM MB", lambda r: (r["dramRead"] + r["dramWritten"]) / 1e6, "{:.2f}"),
    "energy_microjoules": ("energy uJ", lambda r: r["energyMicrojoules"]["total"], "{:,.0f}"),
}


def add(commands):
    parser = commands.add_parser("explore", help="compare systolic machines by what a model costs on them",
                                 description="Compiles a model for every combination of the values that are swept and simulates its time.")
    parser.add_argument("model", metavar="MODEL", type=Path, help="a Hugging Face directory, or a .mlir file in the girih dialect")
    parser.add_argument("--machine", default="edge32", metavar="NAME", help="the machine that is varied: a preset or a facts file (default: edge32)")
    parser.add_argument("--sweep", type=sweep, action="append", required=True, metavar="FACT=V,V,...",
                        help="values of a fact; `array` stands for rows, columns and a weight port as wide, `dram` for dram_bytes_per_cycle; may be repeated")
    parser.add_argument("--shape", type=shape, default={}, metavar="SYMBOL=N,...", help="sizes of the run (default: batch=1, others 128 or their greatest)")
    parser.add_argument("--dtype", choices=("bf16", "int8"), default="bf16", help="type that the arrays multiply in linear layers (default: bf16)")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw cycles, utilisation, traffic and energy over the first sweep")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.set_defaults(run=run, check=lambda options, parser: None)


def sweep(text):
    """"dram=16,64" as ("dram", ["16", "64"])."""
    name, equals, values = text.partition("=")
    parts = values.split(",")
    if not equals or not name or not all(part.replace(".", "", 1).isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"expected FACT=V,V,... with numbers, but got '{text}'")
    return name, parts


def shape(text):
    return {name: positive(value) for name, _, value in (part.partition("=") for part in text.split(","))}


def zeros(value, dims):
    if not hasattr(np, value.dtype):
        raise Error(f"the input '{value.name}' is {value.dtype}, of which NumPy has no arrays; explore runs entries of other types", "type-mismatch", 2)
    return np.zeros(dims, value.dtype)


def run(options) -> int:
    with tempfile.TemporaryDirectory(prefix="girih-explore-") as folder:
        base = facts_of(options, folder)
        points = [point(options, folder, base, dict(zip((name for name, _ in options.sweep), values)))
                  for values in itertools.product(*(values for _, values in options.sweep))]
    if options.json:
        print(json.dumps({"model": str(options.model), "machine": options.machine, "points": points}))
    else:
        show(options, points)
    if options.plot:
        write_whole(options.plot, plot(options, points).encode())
    return 0 if any("cycles" in each for each in points) else 1


def facts_of(options, folder):
    """The facts of the machine that is varied, in order."""
    artifact = compiled(options, folder, options.machine)
    lines = (line.partition(" = ") for line in load(artifact, 1)._handle.facts().splitlines())
    facts = {key: value for key, _, value in lines}
    for name, _ in options.sweep:
        if name not in ("array", "dram") and name not in facts:
            raise Error(f"expected --sweep to name array, dram or a fact of {options.machine}, but got '{name}'; they are "
                        + ", ".join(key for key in facts if key not in ("target", "name", "description")), "usage", 2)
    return facts


def compiled(options, folder, machine):
    out = os.path.join(folder, "model.girih")
    compile(options.model, out, target=f"systolic:{machine}", dtype=options.dtype, weights="random:1")
    return out


def varied(base, values):
    """A machine's facts with some others."""
    facts = dict(base)
    for name, value in values.items():
        if name == "array":
            port = float(base["weight_port_bytes"]) * float(value) / float(base["array_columns"])
            facts |= {"array_rows": value, "array_columns": value, "weight_port_bytes": str(max(1, math.ceil(port)))}
        else:
            facts["dram_bytes_per_cycle" if name == "dram" else name] = value
    return facts


def point(options, folder, base, values):
    """The swept values with what they cost, or why the model was refused."""
    file = os.path.join(folder, "machine.facts")
    with open(file, "w") as out:
        out.writelines(f"{key} = {value}\n" for key, value in varied(base, values).items())
    try:
        report = cost(load(compiled(options, folder, file), 1), options.shape)
    except Error as error:
        if error.code not in ("compile-failed", "unknown-target", "machine-failed"):
            raise
        return {**values, "refused": str(error).replace(file, "the machine")}
    return {**values, **{name: figure(report) for name, (_, figure, _) in FIGURES.items()}}


def cost(model, sizes):
    """The report of one run of the model's first entry, for time alone."""
    entry, limits = model.entries[0], model.limits
    for name in sizes:
        if name not in limits:
            raise Error(f"expected --shape to name one of {', '.join(limits)}, but got '{name}'", "usage", 2)
    sizes = {name: sizes.get(name, 1 if name == "batch" else min(128, most)) for name, (_, most) in limits.items()}
    inputs = []
    for value in entry.inputs:
        dims = [dim if isinstance(dim, int) else sizes.get(dim) for dim in value.shape]
        if None in dims:
            raise Error(f"the input '{value.name}' has the size '{value.shape[dims.index(None)]}', but explore knows only plain sizes", "usage", 2)
        inputs.append(zeros(value, dims))
    model._handle.time_only()
    model._handle.run(0, inputs)
    return json.loads(model._handle.machine_report())["all"]


def show(options, points):
    names = [name for name, _ in options.sweep]
    rows = [[*names, *(title for title, _, _ in FIGURES.values())]]
    for each in points:
        figures = [form.format(each[name]) for name, (_, _, form) in FIGURES.items()] if "refused" not in each else []
        rows.append([*(each[name] for name in names), *figures])
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(len(rows[0]))]
    for row, each in zip(rows, [{}, *points]):
        text = "  ".join(cell.rjust(width) for cell, width in zip(row, widths))
        print(text + (f"  refused: {each['refused']}" if "refused" in each else ""))


def plot(options, points):
    """Four panels over the first swept fact, a line for each combination of the others. SVG."""
    first, others = options.sweep[0][0], [name for name, _ in options.sweep[1:]]
    lines = {}
    for each in points:
        if "refused" not in each:
            lines.setdefault(", ".join(f"{name}={each[name]}" for name in others), []).append(each)
    colours = ["steelblue", "crimson", "seagreen", "darkorange", "purple", "teal", "sienna", "grey"]
    svg = ['<svg xmlns="http://www.w3.org/2000/svg" width="950" height="640" font-family="sans-serif" font-size="12">']
    for panel, name in enumerate(("cycles", "utilisation", "dram_bytes", "energy_microjoules")):
        left, top = 90 + panel % 2 * 460, 40 + panel // 2 * 300
        greatest = max((each[name] for line in lines.values() for each in line), default=1) or 1
        ticks = sorted({float(value) for value in options.sweep[0][1]})
        svg.append(f'<text x="{left}" y="{top - 12}">{FIGURES[name][0]} over {first}</text>')
        svg.append(f'<path d="M{left} {top}v220h340" fill="none" stroke="black"/><text x="{left - 6}" y="{top + 8}" text-anchor="end">'
                   f'{FIGURES[name][2].format(greatest)}</text>')
        x = lambda value: left + 20 + 300 * (ticks.index(float(value)) / max(1, len(ticks) - 1))
        svg += [f'<text x="{x(tick):.1f}" y="{top + 238}" text-anchor="middle">{tick:g}</text>' for tick in ticks]
        for number, line in enumerate(lines.values()):
            path = "L".join(f"{x(each[first]):.1f} {top + 220 * (1 - each[name] / greatest):.1f}" for each in line)
            svg.append(f'<path d="M{path}" fill="none" stroke="{colours[number % len(colours)]}" stroke-width="2"/>')
    svg += [f'<text x="{60 + number * 150}" y="630" fill="{colours[number % len(colours)]}">{label}</text>' for number, label in enumerate(lines) if label]
    return "\n".join([*svg, "</svg>\n"])
