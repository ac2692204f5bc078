# compare.py FILE-NAMING-THE-MODEL STATUS COMMAND...: runs the command with --compare-reference=MODEL.
import subprocess, sys

model = open(sys.argv[1]).read()
result = subprocess.run(sys.argv[3:] + [f"--compare-reference={model}"])
sys.exit(result.returncode != int(sys.argv[2]))
