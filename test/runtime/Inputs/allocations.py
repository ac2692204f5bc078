# allocations.py LIBRARY FEW MANY COMMAND... where an argument is COUNT: the command allocates as often for FEW tokens as for MANY.
import os, subprocess, sys, tempfile

library, few, many, command = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]

def allocations(count):
    with tempfile.NamedTemporaryFile() as told:
        subprocess.run([count if part == "COUNT" else part for part in command], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "LD_PRELOAD": library, "GIRIH_COUNT": told.name})
        return int(open(told.name).read())

counts = allocations(few), allocations(many)
print(f"{counts[0]} allocations for {few} tokens, {counts[1]} for {many}")
sys.exit(counts[0] != counts[1] or counts[0] == 0)
