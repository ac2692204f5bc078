# Checks that girihc's "writing FILE, N MB" in a file of what it said is the artifact's size in millions of bytes.
import os, re, sys

artifact, said = sys.argv[1:]
told = re.search(r"writing .*, (\d+\.\d) MB \(", open(said).read()).group(1)
assert told == f"{os.path.getsize(artifact) / 1e6:.1f}", (told, os.path.getsize(artifact))
