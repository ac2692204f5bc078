"""Prints every mlir example of a dialect's .td files as one file for `girih-opt --split-input-file`, each under the line it comes
from. Fails if the description of an op has none.

An example may be a lone attribute, or one op of the tile dialect without the program around it: then its operands become views and values
of the types it states, in order, and what has no type there is an index.
"""

import re
import sys
import textwrap
from pathlib import Path

DESCRIPTION = re.compile(r"let description = \[\{(.*?)\}\];", re.S)
EXAMPLE = re.compile(r"^[ \t]*```mlir\n(.*?)^[ \t]*```$", re.S | re.M)
WHOLE = re.compile(r"^(module|func\.func|(tile|systolic)\.program|girih\.\w+ @)", re.M)


def split_types(text):
    """`tensor<4xf32>, index` at its outer commas."""
    parts = re.findall(r"(?:[^,<>]|<[^<>]*(?:<[^<>]*>[^<>]*)*>)+", text)
    return [part.strip() for part in parts]


def operands(line):
    """{operand: type} of one op in pretty syntax."""
    text = re.sub(r"^[^=<]*=\s*", "", line)
    head, _, types = text.partition(" : ")
    stated = split_types(types.split(" -> ")[0]) if types else []
    names = list(dict.fromkeys(re.findall(r"%\w+", head)))
    return dict(zip(names, stated + ["index"] * len(names)))


def program(line):
    """A tile.program around one op."""
    values = operands(line)
    views = {name: kind for name, kind in values.items() if kind.startswith("!tile.view")}
    if "tile.store" not in line and "tile.scatter" not in line:
        views["%output"] = "!tile.view<1xf32>"
    given = [f"  {name} = builtin.unrealized_conversion_cast to {kind}" for name, kind in values.items() if name not in views]
    body = given + [f"  {line}"] + ([] if line == "tile.return" else ["  tile.return"])
    arguments = ", ".join(f"{name}: {kind}" for name, kind in views.items())
    grid = f"#tile.grid<arg = {len(views) - 1}, dim = 0, step = 64>"
    return "\n".join([f"tile.program @example({arguments}) grid [{grid}] outputs 1 {{", *body, "}"])


def complete(example):
    if WHOLE.search(example):
        return example
    return f"func.func private @example() attributes {{value = {example.strip()}}}" if example.startswith("#") else program(example.strip())


def main(folder):
    found = []
    for table in sorted(Path(folder).glob("*.td")):
        text = table.read_text()
        for description in DESCRIPTION.finditer(text):
            examples = list(EXAMPLE.finditer(description[1]))
            line = text.count("\n", 0, description.start()) + 1
            if not examples and table.name.endswith("Ops.td"):
                sys.exit(f"{table}:{line}: expected an mlir example in this description")
            for example in examples:
                found.append(f"// {table.name}:{line}\n{complete(textwrap.dedent(example[1]))}\n")
    if not found:
        sys.exit(f"{folder}: expected mlir examples, but found none")
    print("\n// -----\n\n".join(found))


main(sys.argv[1])
