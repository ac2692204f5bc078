"""Every command in the documentation runs and prints what the page says; the pages' links lead somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import ROOT, alike, blocks, environment, problems, run_page

ROOMS = ("docs", "dialects", "lib", "runtime", "tools", "test")
PAGES = [*sorted(ROOT.glob("*.md")), *(page for room in ROOMS for page in sorted((ROOT / room).rglob("*.md")))]
BUILDS = ("docs/tutorial",)  # these rebuild girih-opt, which takes minutes: with tools/check --long
LINKS = ("docs/embedding",)  # these link programs of their own with the runtime, which one that is sanitized does not bear
SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")


def name(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p.read_text())], ids=name)
def test_commands(page):
    if name(page).startswith(BUILDS) and not os.environ.get("GIRIH_LONG"):
        pytest.skip("rebuilds the compiler; run by tools/check --long")
    if name(page).startswith(LINKS) and SANITIZED:
        pytest.skip("links with a runtime that is sanitized")
    build = Path(os.environ.get("GIRIH_BUILD", ROOT / "build/dev"))
    results = run_page(page, environment(build))
    if results is None:
        pytest.skip("this machine allows no overlay mount")
    assert len(results) == len(blocks(page.read_text())) or list(problems(results))
    assert not list(problems(results)), "\n".join(problems(results))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{name(page)} links to {target}, which is not there"


def test_the_readme_begins_with_both_commands():
    """Whoever opens it sees, before line 40, what to type and what comes of it."""
    top = (ROOT / "README.md").read_text().splitlines()[:39]
    assert "$ tools/quickstart" in top and "$ tools/check" in top and "N passed, 0 failed" in top
    assert any("MiniLM compiled for this CPU in" in line for line in top)


def test_the_runner_sees_differences():
    """The checker itself can fail: wrong text, wrong status, and the wildcard's limits."""
    (block,) = blocks("```sh status=2\nfalse\n```\n<!-- prints -->\n```text\na\n...\nb\n```\n")
    assert (block.status, block.prints) == (2, "a\n...\nb\n")
    assert alike(block.prints, "a\nx\ny\nb\n") and alike(block.prints, "a\nb\n")
    assert not alike(block.prints, "a\nx\n") and not alike("a\n", "a\nb\n")
    assert list(problems([(block, "a\nb\n", "", 1)])) and list(problems([(block, "wrong\n", "", 2)]))
    assert not list(problems([(block, "a\nb\n", "", 2)]))


def test_what_a_page_does_to_the_tree_is_undone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```sh\necho trace >a-page-was-here\ncat a-page-was-here\n```\n<!-- prints -->\n```text\ntrace\n```\n")
    results = run_page(page, environment(ROOT / "build/dev"))
    if results is None:
        pytest.skip("this machine allows no overlay mount")
    assert not list(problems(results)) and not (ROOT / "a-page-was-here").exists()


def test_generated_pages_are_up_to_date():
    """docs/passes.md and the tables of docs/errors.md follow from their sources."""
    result = subprocess.run([sys.executable, ROOT / "tools/lib/make_docs.py", "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
