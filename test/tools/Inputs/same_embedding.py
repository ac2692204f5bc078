# Runs the artifact on the linked program's inputs and compares what both print.
import subprocess
import sys

import numpy as np

run, folder = sys.argv[1:]
np.save(f"{folder}/ids.npy", np.array([[1, 50, 99]], np.int32))
np.save(f"{folder}/mask.npy", np.ones((1, 3), np.int32))
subprocess.run([run, f"{folder}/model.girih", f"--input=ids={folder}/ids.npy", f"--input=mask={folder}/mask.npy",
                f"--output=embedding={folder}/out.npy"], check=True)
expected = "".join(f"{x:.5f}\n" for x in np.load(f"{folder}/out.npy")[0, :4])
found = open(f"{folder}/linked.txt").read()
assert found == expected, (found, expected)
assert len(set(found.split())) > 1, found
