"""The generated pages of docs/dialects: mlir-tblgen's, completed with what operands mean (`Arg<>`, which it leaves out) and with
constraints set as lists. Used by make_docs.py.
"""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path("/usr/lib/llvm-22/bin")
INCLUDES = ["-I/usr/lib/llvm-22/include", f"-I{ROOT}"]
DIALECTS = {"Graph": "girih", "Tile": "tile", "Systolic": "systolic"}


def tblgen(table, *arguments, program="mlir-tblgen"):
    return subprocess.run([BIN / program, *arguments, *INCLUDES, str(table)], check=True, capture_output=True, text=True).stdout


def meanings(table):
    """{op: {operand or attribute: what its Arg<> says}}."""
    records = json.loads(tblgen(table, "--dump-json", program="llvm-tblgen"))
    found = {}
    for name in records["!instanceof"]["Op"]:
        op = records[name]
        arguments = [(label, records[value["def"]]) for value, label in op["arguments"]["args"] if "def" in value]
        found[op["opName"]] = {label: record["summary"] for label, record in arguments
                               if "Arg" in record["!superclasses"] and record["summary"]}
    return found


def explain(section, labels):
    """Adds the meanings to one op's tables of operands and attributes."""
    for label, meaning in labels.items():
        section = re.sub(rf"^(\| `{re.escape(label)}` \| )", rf"\g<1>{meaning}: ", section, flags=re.M)
        section = re.sub(rf"(<tr><td><code>{re.escape(label)}</code></td><td>[^<]*</td><td>)", rf"\g<1>{meaning}: ", section)
    return section


def page(room, mnemonic):
    """The page of dialects/<room>."""
    table = ROOT / "dialects" / room / f"{room}Ops.td"
    labels = meanings(table)
    sections = re.split(rf"(?m)^(?=### `{mnemonic}\.)", tblgen(table, "-gen-dialect-doc", f"-dialect={mnemonic}"))
    for i, section in enumerate(sections):
        op = re.match(rf"### `{mnemonic}\.([^`]+)`", section)
        sections[i] = explain(section, labels[op[1]]) if op else section
    text = "".join(sections)
    interfaces = table.with_name(f"{room}Interfaces.td")
    if interfaces.exists():
        text += tblgen(interfaces, "-gen-op-interface-docs") + tblgen(interfaces, "-gen-attr-interface-docs")
    text = re.sub(r"<!--.*?-->\n*|\[TOC\]\n*", "", text, flags=re.S)
    text = re.sub(r"(?m)^(C\d+:)", r"- \1", text)
    text = re.sub(r"(?m)^# (\w+) definitions", r"## \1 definitions", text)
    notice = f"Made from `dialects/{room}/*.td` by `ninja docs`. Why it is as it is: [Rationale](../../dialects/{room}/Rationale.md).\n\n"
    head, rest = text.split("\n", 1)
    return re.sub(r"\n{3,}", "\n\n", f"{head}\n\n{notice}{rest.lstrip()}").rstrip() + "\n"


def pages():
    """(path from the root, maker) for every dialect."""
    return [(f"docs/dialects/{room}.md", lambda room=room, mnemonic=mnemonic: page(room, mnemonic)) for room, mnemonic in DIALECTS.items()]
