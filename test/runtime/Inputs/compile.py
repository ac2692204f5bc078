# compile.py FILE-NAMING-THE-MODEL ARTIFACT TARGET
import subprocess, sys

model = open(sys.argv[1]).read()
subprocess.run(["girihc", model, "-o", sys.argv[2], f"--target={sys.argv[3]}"], check=True)
