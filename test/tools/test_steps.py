"""tools/lib/steps.sh: a failing step ends with one error that names its log; a long one shows where it is; stamps see changes."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bash(tmp_path):
    """Runs a script that has sourced a copy of steps.sh, so that logs and stamps go to a scratch folder."""
    (tmp_path / "tools/lib").mkdir(parents=True)
    shutil.copy(ROOT / "tools/lib/steps.sh", tmp_path / "tools/lib")

    def run(script):
        return subprocess.run(["bash", "-c", f"source tools/lib/steps.sh\n{script}"], cwd=tmp_path, capture_output=True, text=True)

    return run


def test_a_step_says_its_title_and_time(bash):
    result = bash("step work 'Doing work' bash -c 'echo inside; sleep 1.5'; echo after")
    assert result.returncode == 0 and result.stdout.splitlines()[0] == "Doing work ..."
    assert "done in" in result.stdout and "inside" not in result.stdout and result.stdout.endswith("after\n")


def test_a_short_step_is_silent(bash):
    assert bash("step work 'Doing work' true; echo after").stdout == "after\n"


def test_a_failed_step_ends_the_script_with_one_error(bash, tmp_path):
    result = bash("step work 'Doing work' bash -c 'echo reason; exit 3'; echo after")
    assert result.returncode == 1 and "after" not in result.stdout
    assert result.stderr.splitlines()[-1] == "error: Doing work failed (status 3); the whole output is in build/logs/work.log"
    assert "  | reason" in result.stderr and (tmp_path / "build/logs/work.log").read_text() == "reason\n"


def test_a_long_step_shows_where_it_is(bash):
    result = bash("step work 'Doing work' bash -c 'echo [3/9] thing; sleep 10.6'")
    assert "  10 s: [3/9] thing" in result.stdout


def test_stamps_see_changed_files_and_texts(bash):
    script = "stamped s f text && echo same || echo changed\n"
    result = bash(f"echo 1 >f; {script} stamp s f text; {script} echo 2 >f; {script} echo 1 >f; {script} stamped s f other || echo changed")
    assert result.stdout.split() == ["changed", "same", "changed", "same", "changed"]


def test_present_packages_ask_for_nothing(bash):
    result = bash("need_packages bash; echo quiet")
    assert result.stdout == "quiet\n"


@pytest.mark.parametrize("tool, arguments, status", [("check", ["--nonsense"], 2), ("check", ["--help"], 0), ("check", ["--campaign"], 2),
                                                     ("quickstart", ["extra"], 2), ("quickstart", ["--help"], 0)])
def test_usage(tool, arguments, status):
    result = subprocess.run([ROOT / "tools" / tool, *arguments], capture_output=True, text=True)
    assert result.returncode == status and "usage: tools/" in result.stdout
