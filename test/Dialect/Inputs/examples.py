"""Prints every mlir example of a dialect's .td files as one file for `girih-opt --split-input-file`, each under the line it comes
from. Fails if the description of an op has none.
"""

import re
import sys
import textwrap
from pathlib import Path

DESCRIPTION = re.compile(r"let description = \[\{(.*?)\}\];", re.S)
EXAMPLE = re.compile(r"^[ \t]*```mlir\n(.*?)^[ \t]*```$", re.S | re.M)

count = 0
for table in sorted(Path(sys.argv[1]).glob("*.td")):
    text = table.read_text()
    for description in DESCRIPTION.finditer(text):
        examples = list(EXAMPLE.finditer(description[1]))
        line = text.count("\n", 0, description.start()) + 1
        if not examples and table.name.endswith("Ops.td"):
            sys.exit(f"{table}:{line}: expected an mlir example in this description")
        for example in examples:
            print(f"// {table.name}:{line}\n{textwrap.dedent(example[1])}\n// -----\n")
            count += 1
if count == 0:
    sys.exit(f"{sys.argv[1]}: expected mlir examples, but found none")
