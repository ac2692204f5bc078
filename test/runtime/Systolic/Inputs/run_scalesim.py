"""run_scalesim.py ARRAY DATAFLOW MxNxK...: SCALE-Sim's compute cycles of matrix products on a square array, a line each. Run it with a Python that
has tools/python/requirements/scalesim.txt.

Of the two bandwidth modes it takes CALC, in which memory never stalls the array; SCALE-Sim has neither shadow weights nor accumulators."""

import contextlib
import csv
import os
import sys
import tempfile

from scalesim.scale_sim import scalesim

CONFIG = """[general]
run_name = run
[architecture_presets]
ArrayHeight = {array}
ArrayWidth = {array}
IfmapSramSzkB = 1024
FilterSramSzkB = 1024
OfmapSramSzkB = 1024
IfmapOffset = 0
FilterOffset = 10000000
OfmapOffset = 20000000
Dataflow = {dataflow}
ReadRequestBuffer = 32
WriteRequestBuffer = 32
[layout]
IfmapCustomLayout = False
IfmapSRAMBankBandwidth = 10
IfmapSRAMBankNum = 10
IfmapSRAMBankPort = 2
FilterCustomLayout = False
FilterSRAMBankBandwidth = 10
FilterSRAMBankNum = 10
FilterSRAMBankPort = 2
[sparsity]
SparsitySupport = false
[run_presets]
InterfaceBandwidth = CALC
UseRamulatorTrace = False
"""
LAYOUT = "Layer,IFMAP Height Intraline Factor,IFMAP Width Intraline Factor,Filter Height,Filter Width,Channels,Num Filter,Strides,\n"


def compute_cycles(array, dataflow, shapes):
    """SCALE-Sim's "Total Cycles" of each (M, N, K)."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "scale.cfg", CONFIG.format(array=array, dataflow=dataflow))
        write(folder, "layers.csv", "Layer,M,N,K,\n" + "".join(f"layer{i},{m},{n},{k},\n" for i, (m, n, k) in enumerate(shapes)))
        write(folder, "layout.csv", LAYOUT + "".join(f"layer{i}," + "1," * 15 + "\n" for i in range(len(shapes))))
        with contextlib.redirect_stdout(sys.stderr):
            run = scalesim(save_disk_space=True, verbose=False, config=f"{folder}/scale.cfg", topology=f"{folder}/layers.csv",
                           layout=f"{folder}/layout.csv", input_type_gemm=True)
            run.run_scale(top_path=folder)
        with open(os.path.join(folder, "run", "COMPUTE_REPORT.csv")) as report:
            # The number of the last cycle, counted from 0.
            return [int(float(row[" Total Cycles"])) + 1 for row in csv.DictReader(report)]


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


if __name__ == "__main__":
    for cycles in compute_cycles(int(sys.argv[1]), sys.argv[2], [tuple(map(int, shape.split("x"))) for shape in sys.argv[3:]]):
        print(cycles, flush=True)
