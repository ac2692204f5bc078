#!/usr/bin/env python3
"""exit-status.py N COMMAND...: succeeds if COMMAND ends with status N, which lit's `not` does not tell apart."""
import subprocess
import sys

expected, command = int(sys.argv[1]), sys.argv[2:]
found = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
sys.exit(0 if found == expected else f"expected exit status {expected}, but found {found}")
