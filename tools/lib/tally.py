"""Adds up what the runners of tools/check wrote and prints `N passed, N failed` as the last line.

Reads lit's JSON, pytest's JUnit XML and each runner's exit status from one folder. A runner that ended badly without naming a failed
test counts as one failure, as does a runner that ran nothing. The exit status is 0 only if something passed and nothing failed.
"""

import json
import sys
import xml.etree.ElementTree as xml
from collections import Counter
from pathlib import Path

LIT_PASSED = {"PASS", "XFAIL", "FLAKYPASS"}
LIT_SKIPPED = {"UNSUPPORTED", "SKIPPED", "EXCLUDED"}


def lit(path):
    """(passed, failed, skipped, names of failures)"""
    tests = json.loads(path.read_text())["tests"]
    codes = Counter(t["code"] for t in tests)
    passed, skipped = sum(codes[c] for c in LIT_PASSED), sum(codes[c] for c in LIT_SKIPPED)
    failures = [t["name"] for t in tests if t["code"] not in LIT_PASSED | LIT_SKIPPED]
    return passed, len(failures), skipped, failures


def pytest(path):
    passed = failed = skipped = 0
    failures = []
    for case in xml.parse(path).getroot().iter("testcase"):
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            failed += 1
            failures.append(f"{case.get('classname')}::{case.get('name')}")
        elif "skipped" in outcomes:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped, failures


def read(status_file):
    """One runner's counts; a fuzzer writes no report, its exit status is its one result."""
    status = int(status_file.read_text())
    report = {"lit": (".json", lit), "pytest": (".xml", pytest)}.get(status_file.stem.split("-")[0])
    if not report:
        return (1, 0, 0, []) if status == 0 else (0, 1, 0, [status_file.stem])
    path = status_file.with_suffix(report[0])
    try:
        counts = report[1](path)
    except (OSError, ValueError, KeyError, xml.ParseError):
        return 0, 1, 0, [f"{status_file.stem} left no report"]
    if counts[1] == 0 and (status != 0 or counts[0] == 0):
        return counts[0], 1, counts[2], [f"{status_file.stem} ended with status {status}"]
    return counts


def main():
    passed = failed = 0
    for status_file in sorted(Path(sys.argv[1]).glob("*.status")):
        p, f, s, failures = read(status_file)
        passed, failed = passed + p, failed + f
        print(f"{status_file.stem}: {p} passed, {f} failed, {s} skipped")
        for name in failures:
            print(f"  failed: {name}")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
