"""Builds the twin in SystemVerilog with Verilator and compares the simulator with it: twin.py RTL INCLUDE LIBRARY FOLDER.

Ordinarily one size of array; with GIRIH_LONG set all of them, what they cover, and every negative control."""

import concurrent.futures
import glob
import os
import subprocess
import sys

rtl, include, library, folder = map(os.path.abspath, sys.argv[1:])
CLANG = "clang++-22"
SIZES = [(4, 4, 2), (8, 8, 2), (16, 16, 1)] if os.environ.get("GIRIH_LONG") else [(4, 4, 2)]
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


run("cmake", f"-DTABLES={include}/girih-runtime/SystolicTables.def", f"-DOUTPUT={folder}/tables.svh", "-P", f"{rtl}/tables.cmake")
for size in SIZES:
    program = build(*size)
    print(run(program, "written"), run(program, "random", 80 if len(SIZES) > 1 else 30, 0), sep="", flush=True)
    if len(SIZES) > 1 and size == SIZES[0]:
        print(run(program, "coverage", 80), run(program, "controls", 60), sep="", flush=True)
