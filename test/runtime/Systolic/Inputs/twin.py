"""Builds the twin in SystemVerilog with Verilator and compares the simulator with it: twin.py sizes|controls RTL INCLUDE LIBRARY FOLDER [PROGRAMS].

With the folder of girihc and girih-run, kernels that were compiled for the twin's machine run on it, too.

`sizes` is ordinarily one size of array, and with GIRIH_LONG set the others; then `controls` takes the first, looks at what the programs cover
and breaks every rule in turn. Each ends within the time that a test has."""

import concurrent.futures
import glob
import os
import subprocess
import sys

what, *paths = sys.argv[1:]
rtl, include, library, folder, *programs = map(os.path.abspath, paths)
CLANG = "clang++-22"
LONG = bool(os.environ.get("GIRIH_LONG"))
SIZES = [(4, 4, 2), (8, 8, 2), (16, 16, 1), (6, 3, 2)]
MODULES = ["machine", "monitor", "numerics", "operands", "semaphores", "queue", "retirement", "issue", "sequencer", "dma", "dram", "banks", "array",
           "vector_unit", "top"]
BENCH = ["Twin", "Programs", "WrittenPrograms", "systolic-twin"]


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def build(rows, columns, arrays):
    size = f"{rows}x{columns}x{arrays}"
    place, program = os.path.join(folder, size), os.path.join(folder, "twin" + size)
    os.makedirs(place, exist_ok=True)
    macros = [f"TWIN_ROWS={rows}", f"TWIN_COLUMNS={columns}", f"TWIN_ARRAYS={arrays}"]
    # Widths are stated where they matter; the rest follows the language's rules, which these warnings second-guess.
    run("verilator", "--cc", "-O3", "-Wno-fatal", "-Wno-IMPURE", "-Wno-WIDTH", "-I.", "-I" + folder, *("+define+" + macro for macro in macros), "--top", "top",
        "--Mdir", place, "--output-split", "20000", *(module + ".sv" for module in MODULES), cwd=rtl)
    share = os.path.join(run("verilator", "--getenv", "VERILATOR_ROOT").strip(), "include")
    sources = [*glob.glob(place + "/*.cpp"), *(f"{rtl}/{name}.cpp" for name in BENCH), *(f"{share}/{name}.cpp" for name in ("verilated", "verilated_threads"))]
    flags = ["-std=c++20", "-O1", "-w", *("-D" + macro for macro in macros), f'-DTWIN_SOURCE="{rtl}"', f"-I{os.path.dirname(include)}", "-I" + include, "-I" + rtl,
             "-I" + place, "-I" + share, f"-I{share}/vltstd"]
    objects = [os.path.join(place, os.path.basename(source)[:-4] + ".o") for source in sources]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda pair: run(CLANG, *flags, "-c", pair[0], "-o", pair[1]), zip(sources, objects)))
    run(CLANG, *objects, library, "-lpthread", "-o", program)
    return program


def compare_compiled(twin):
    """Attention, MLP, norms and softmax, as girihc compiles them for the twin's machine, at several sizes."""
    place = twin + "-compiled"
    os.makedirs(place)
    with open(place + "/machine.facts", "w") as file:
        file.write(run(twin, "facts"))
    model = os.path.join(os.path.dirname(__file__), "compiled", "layer.mlir")
    run(programs[0] + "/girihc", "-q", model, "--weights=random:1", f"--target={place}/machine.facts", "-o", place + "/layer.girih")
    count = 0
    for sizes in ("b=1,s=1", "b=1,s=5", "b=2,s=12"):
        launches = os.path.join(place, sizes)
        os.makedirs(launches)
        run(programs[0] + "/girih-run", place + "/layer.girih", "--shape=" + sizes, "--programs=" + launches)
        for launch in sorted(glob.glob(launches + "/*.bin")):
            run(twin, "run", launch)
            count += 1
    return f"{os.path.basename(twin)}: {count} compiled launches, 0 differ\n"


if what == "controls" and not LONG:
    print("rules are broken with GIRIH_LONG=1 alone")
    sys.exit()
run("cmake", f"-DTABLES={include}/girih-runtime/SystolicTables.def", f"-DOUTPUT={folder}/tables.svh", "-P", f"{rtl}/tables.cmake")
count = 80 if LONG else 30
for number, size in enumerate(SIZES):
    if size not in (SIZES[1:] if LONG and what == "sizes" else SIZES[:1]):
        continue
    program = build(*size)
    print(run(program, "written"), run(program, "random", count, count * number), compare_compiled(program) if programs else "", sep="", flush=True)
    if what == "controls":
        print(run(program, "coverage", count), run(program, "controls", 60), sep="", flush=True)
