"""docs/targets/Systolic/isa.md, made from the dialect (dialects/Systolic/SystolicOps.td), the definition of the instruction set
(include/girih-runtime/SystolicISA.def, SystolicMachine.def) and the worked programs that the tests run. Used by make_docs.py.
"""

import re
from pathlib import Path

import dialect_pages

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "test/runtime/Systolic/Inputs"

HEAD = """# The systolic machine's instructions

Made from `dialects/Systolic/SystolicOps.td`, `include/girih-runtime/SystolicISA.def` and `SystolicMachine.def` by `ninja docs`. What the parts of the machine are and every rule of
its timing: [the machine](../../design/20261127-systolic-machine.md). Arithmetic, bit by bit: [SystolicNumerics.h](../../../include/girih-runtime/SystolicNumerics.h).

## Assembly

One instruction a line: its name, then items between spaces or commas, in any order; `#` starts a comment, `name:` a label.

- `field=value`, fields by the names of the table below. A value is a sum of numbers (decimal or `0x…`), symbols, `acc0` to `acc7` (the address of an array's accumulators), an f32 such as
  `1.5f` (its bits), and at most one register `r1` to `r31` where the field has one that is added to it: `dst=0x400+r3`.
- `ta=bf16`: an element type. `fn=add`: a function; of `vector` a combination and a function, `fn=sub.exp2`. A flag is its name alone: `accumulate`.
- `wait=3` and `signal=4:2`: a semaphore and how many tokens, 1 if not said; at most two of each.
- `loop` counts the instructions to its `next` by itself; `br … to=label` finds its offset.

Directives: `.equ NAME VALUE`; `.reg rN VALUE` at launch; `.dram ADDRESS TYPE VALUE …`, `.random ADDRESS TYPE COUNT SEED` fill DRAM before the run; `.expect ADDRESS TYPE VALUE …` is compared with DRAM after it;
`.gemm M K N` names a matrix product for the report's minimum of DRAM traffic.

`girih-sim PROGRAM` assembles and runs; `girih-sim --help` lists what else it does. `girih-translate --import-systolic` turns a program into the `systolic` dialect, `--systolic-to-binary` and
`--systolic-to-assembly` turn the dialect into a program.
"""


def definitions(name, file="SystolicISA.def"):
    text = (ROOT / "include/girih-runtime" / file).read_text()
    return re.findall(rf"^{name}\((.*?)\)\s*$", text, re.M | re.S)


def strings(entry):
    head, meaning = re.match(r"(.*?),\s*\"(.*)\"$", entry, re.S).groups()
    return [part.strip() for part in head.split(",")], meaning


def fields():
    rows = ["| field | bits | meaning |", "| --- | --- | --- |"]
    for entry in definitions("SYSTOLIC_FIELD"):
        (name, word, lsb, width, signed), meaning = strings(entry)
        bits = f"w{word}, w{int(word) + 1}" if width == "64" else f"w{word}[{int(lsb) + int(width) - 1}:{lsb}]"
        rows.append(f"| `{name}` | {bits}{', signed' if signed == 'true' else ''} | {meaning} |")
    return "\n".join(rows)


def codes(name):
    return ", ".join(f"`{entry.split(',')[0]}` {entry.split(',')[1].strip()}" for entry in definitions(name))


def facts():
    rows = ["| fact | range | default | meaning |", "| --- | --- | --- | --- |"]
    for entry in definitions("SYSTOLIC_FACT", "SystolicMachine.def"):
        (key, least, most, default), meaning = strings(entry)
        rows.append(f"| `{key}` | {least} to {most} | {'given' if default == '-1' else default} | {meaning} |")
    for entry in definitions("SYSTOLIC_RATE", "SystolicMachine.def"):
        (key, parts, _, _, default), meaning = strings(entry)
        rows.append(f"| `{key}` | in steps of 1/{parts} | {'given' if default == '-1' else default} | {meaning} |")
    for entry in definitions("SYSTOLIC_ENERGY", "SystolicMachine.def"):
        (key, default), meaning = strings(entry)
        rows.append(f"| `{key}` | fJ | {default} | {meaning} |")
    return "\n".join(rows)


def instructions():
    """Every instruction's section of the dialect's page, without the tables of attributes, which repeat the fields."""
    sections = re.split(r"(?m)^(?=### `systolic\.)", dialect_pages.page("Systolic", "systolic"))[1:]
    out = []
    for section in sections:
        name = re.match(r"### `systolic\.(\w+)`", section)[1]
        if not re.search(rf"^SYSTOLIC_OP\({name},", (ROOT / "include/girih-runtime/SystolicISA.def").read_text(), re.M):
            continue
        body = re.split(r"(?m)^(?:Traits:|Interfaces:|#### |## )", section)[0]
        body = re.sub(r"(?s)Syntax:\n\n```.*?```\n+", "", body)
        out.append(body.replace("### `systolic.", "### `").rstrip())
    return "\n\n".join(out)


def program(name):
    return f"```asm\n{(PROGRAMS / name).read_text().rstrip()}\n```"


def page():
    return "\n".join([
        HEAD, "## Encoding\n\n64 bytes, 16 little-endian words w0 to w15 of 32 bits. A field that an instruction does not use is 0.\n", fields(), "",
        f"Types: {codes('SYSTOLIC_TYPE')}. Functions of `salu`: {codes('SYSTOLIC_SCALAR')}; of `br`: {codes('SYSTOLIC_CONDITION')}; of `vector`, bits 3..0: {codes('SYSTOLIC_COMBINE')},"
        f" bits 7..4: {codes('SYSTOLIC_FUNCTION')}.\n",
        "## Instructions\n", instructions(), "", "## A worked GEMM\n\n" + program("gemm.s"), "", "## A worked softmax\n\n" + program("softmax.s"), "",
        "## Machine facts\n\nA machine is a text file of `key = value` lines, `#` starting a comment; `target = systolic`, a name, and these. The presets lie in `lib/Target/Facts`.\n", facts()]) + "\n"


def pages():
    return [("docs/targets/Systolic/isa.md", page)]
