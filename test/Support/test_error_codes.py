"""Every error code in the sources is listed with its meaning: the compiler's in lib/Support/ErrorCodes.def, once, and all of them in
docs/errors.md."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTED = re.findall(r'GIRIH_ERROR\("([^"]+)", "([^"]+)"\)', (ROOT / "lib/Support/ErrorCodes.def").read_text())
# badInput("code", …), makeError(ExitStatus::X, "code", …), and constants such as headerCode = "code".
USE = re.compile(r'(?:badInput|resourceError)\(\s*"([a-z-]+)"|makeError\(\s*[\w:]+,\s*"([a-z-]+)"|Code = "([a-z-]+)"')


# Failure{Resource, "code", …} and its like in girih-run; Error("…", "code", status) in the package.
RUN = re.compile(r'\{(?:Usage|BadInput|Resource|Internal),\s*"([a-z-]+)"')
PYTHON = re.compile(r'"([a-z]+(?:-[a-z]+)*)"(?: if \w+ else "[a-z-]+")?, [1-5]\)')


def used():
    for folder in ("lib", "dialects", "tools"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".h", ".cpp"):
                for match in USE.finditer(path.read_text()):
                    yield next(filter(None, match.groups())), path.relative_to(ROOT)


def test_every_code_is_listed_once():
    codes = [code for code, _ in LISTED]
    assert len(codes) == len(set(codes))
    found = dict(used())
    assert len(found) > 20
    assert {code: str(path) for code, path in found.items() if code not in codes} == {}


def test_codes_are_words_and_meanings_are_phrases():
    for code, meaning in LISTED:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code), code
        assert meaning[0].islower() or meaning.startswith(("JSON", "LLVM", "config.json", "model.")), meaning
        assert not meaning.endswith("."), meaning


def test_the_page_lists_the_codes_of_programs_and_package():
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/errors.md").read_text(), re.M))
    found = {}
    for pattern, files in ((RUN, (ROOT / "tools/girih-run").glob("*.cpp")), (PYTHON, (ROOT / "tools/python/girih").glob("*.py"))):
        codes = {code: path.name for path in files for code in pattern.findall(path.read_text())}
        assert len(codes) > 5
        found |= codes
    assert {code: name for code, name in found.items() if code not in listed} == {}
