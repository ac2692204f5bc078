"""Writes include/girih-runtime/SystolicTables.def: piecewise quadratics of the systolic vector unit's functions.

A segment is c0 + c1 u + c2 u^2 for u in [0, 1), through the function's values at u = 0, 1/2, 1, rounded to integers at the
table's scale. The numbers in the file define the machine; this script only says where they came from.
"""
import math
import sys


def quadratic(f, left, width, scale):
    y0, y1, y2 = (f(left + width * u) * scale for u in (0, 0.5, 1))
    c2 = round(2 * (y2 - 2 * y1 + y0))
    c0 = round(y0)
    return c0, round(y2) - c0 - c2, c2


def scaled_tail(t):
    """Phi(-t) exp(t^2 / 2), where Phi is the normal distribution."""
    return 0.5 * math.erfc(t / math.sqrt(2)) * math.exp(t * t / 2)


TABLES = {
    # name: (function, segments' left ends, width, scale)
    "EXP2": (lambda f: 2.0**f, [i / 64 for i in range(64)], 1 / 64, 2**30),
    "RECIP": (lambda m: 1 / m, [1 + i / 128 for i in range(128)], 1 / 128, 2**31),
    "RSQRT": (lambda m: m**-0.5, None, None, 2**31),
    "TAIL": (scaled_tail, [i / 32 for i in range(256)], 1 / 32, 2**30),
}


def segments(name):
    f, lefts, width, scale = TABLES[name]
    if name == "RSQRT":  # [1, 2) in 128 segments, then [2, 4) in 128
        return [quadratic(f, 1 + i / 128, 1 / 128, scale) for i in range(128)] + [
            quadratic(f, 2 + i / 64, 1 / 64, scale) for i in range(128)]
    return [quadratic(f, left, width, scale) for left in lefts]


def main():
    out = [
        "// Piecewise quadratics of the systolic vector unit: SYSTOLIC_name(c0, c1, c2) a segment, in order.",
        "// Written by tools/lib/systolic_tables.py; these numbers are part of the machine's definition.",
    ]
    for name in TABLES:
        out += [f"#ifdef SYSTOLIC_{name}"]
        out += [f"SYSTOLIC_{name}({c0}, {c1}, {c2})" for c0, c1, c2 in segments(name)]
        out += [f"#undef SYSTOLIC_{name}", "#endif"]
    with open(sys.argv[1], "w") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
