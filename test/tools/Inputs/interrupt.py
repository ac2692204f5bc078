# Compiles a module with a large weight and stops girihc by each signal as soon as it says that it writes.
import os
import signal
import subprocess
import sys

girihc, folder = sys.argv[1:]
ROWS = 40_000
weights = os.path.join(folder, "weights.bin")
with open(weights, "wb") as f:
    f.truncate(ROWS * 256 * 4)
model = os.path.join(folder, "model.mlir")
with open(model, "w") as f:
    f.write(f"""
module attributes {{girih.model = "{folder}"}} {{
girih.parameter @w : tensor<{ROWS}x256xf32> {{source = #girih.source<file = "weights.bin", offset = 0, bytes = {ROWS * 1024}, type = f32>}}
func.func @encode(%ids: tensor<4xi32> {{girih.range = [0, {ROWS}]}}) -> tensor<4x256xf32> attributes {{girih.entry}} {{
  %w = girih.get_parameter @w : tensor<{ROWS}x256xf32>
  %y = girih.embedding %w, %ids : (tensor<{ROWS}x256xf32>, tensor<4xi32>) -> tensor<4x256xf32>
  return %y : tensor<4x256xf32>
}}
}}
""")
output = os.path.join(folder, "out.girih")


def stop(sig):
    process = subprocess.Popen([girihc, model, "-o", output], stderr=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    assert "writing" in line, line
    process.send_signal(sig)
    return process.wait(), process.stderr.read()


for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
    for before in (None, "before"):
        if before:
            with open(output, "w") as f:
                f.write(before)
        status, message = stop(sig)
        if sig == signal.SIGKILL:
            assert status == -signal.SIGKILL, status
        elif sig == signal.SIGSEGV:
            again = f"error: [internal] girihc crashed; this command shows it again: {girihc} {model} -o {output}\n"
            assert status == 5 and message.endswith(again), (status, message)
        else:
            assert status == 4 and message.count("\n") == 1 and message.startswith("error: [interrupted]"), (status, message)
        left = sorted(os.listdir(folder))
        assert left == sorted(["weights.bin", "model.mlir"] + (["out.girih"] if before else [])), left
        if before:
            assert open(output).read() == before
            os.remove(output)

# A signal that comes once the artifact has its name is too late: the program ends as if there had been none.
for emit, wanted in (("artifact", ["model.mlir", "out.girih", "weights.bin"]), ("object", ["model.mlir", "out.girih", "out.h", "weights.bin"])):
    for _ in range(5):
        process = subprocess.Popen([girihc, "-q", model, f"--emit={emit}", "-o", output], stderr=subprocess.PIPE, text=True)
        while not os.path.exists(output):
            assert process.poll() is None or os.path.exists(output)
        process.send_signal(signal.SIGINT)
        assert (process.wait(), process.stderr.read()) == (0, "")
        assert sorted(os.listdir(folder)) == wanted, os.listdir(folder)
        for name in set(wanted) - {"model.mlir", "weights.bin"}:
            os.remove(os.path.join(folder, name))
os.remove(weights)
