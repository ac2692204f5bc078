# status.py STATUS COMMAND...: succeeds if the command exits so, and if it fails says why in one line.
import subprocess, sys

result = subprocess.run(sys.argv[2:], capture_output=True, text=True)
one_line = result.returncode == 0 or (result.stderr.startswith("error: [") and result.stderr.count("\n") == 1)
if result.returncode != int(sys.argv[1]) or not one_line:
    sys.exit(f"exit status {result.returncode}, stderr: {result.stderr}")
