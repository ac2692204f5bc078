# peak-memory.py ARTIFACT GIRIH-RUN COMMAND...: the command's peak RSS is at most weights + planned arena + 32 MB.
import os, re, resource, subprocess, sys

artifact, girih_run, command = sys.argv[1], sys.argv[2], sys.argv[3:]
listing = subprocess.run([girih_run, artifact], capture_output=True, text=True, check=True).stdout
weights = float(re.search(r"weights of ([\d.]+) MB", listing)[1])
arena = max(float(size) for size in re.findall(r"arena  at most ([\d.]+) MB", listing))
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
print(f"peak {peak:.1f} MB; weights {weights} MB, arena {arena} MB")
# The arena is reserved for the greatest sizes but touched only as far as a run needs.
sys.exit(peak > weights + min(arena, 1.0) + 32 * 1.048576)
