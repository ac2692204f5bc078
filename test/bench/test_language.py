"""The decoders' benchmark: rounds take turns, medians and ratios are those of the rounds, and only its own part of the page is rewritten."""

import types

import language
import pytest


def test_rounds_take_turns_and_give_medians():
    order = []

    def engine(name, rates):
        rates = iter(rates)

        def run(options, file, threads):
            order.append(name)
            return next(rates)

        return run

    engines = {"girih": engine("g", [(10, 1), (30, 3), (20, 2)]), "llama.cpp": engine("l", [(8, 4), (8, 4), (8, 4)])}
    found = language.measure(types.SimpleNamespace(rounds=3), "file", 1, engines)
    assert "".join(order) == "gllggl"
    assert found["prefill"]["girih"]["median"] == 20 and found["decode"]["girih"]["median"] == 2
    assert language.ratio(found["prefill"]) == pytest.approx(2.5) and language.ratio(found["decode"]) == pytest.approx(0.5)


def test_only_the_measured_part_of_the_page_changes(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs/benchmarks.md"
    page.write_text(f"before\n{language.BEGIN}\nold\n{language.END}\nafter\n")
    monkeypatch.setattr(language, "ROOT", tmp_path)
    rate = {"median": 10.0, "low": 9.0, "high": 11.0, "runs": 5}
    both = {"girih": rate, "llama.cpp": {**rate, "median": 8.0}}
    text = language.table([{"format": "Q4_0", "threads": 2, "prefill": both, "decode": both}])
    language.write_docs({"date": "2026-01-02", "command": "test/bench/run --decoders", "machine": "m", "load": 0.25, "model": "a.gguf",
                         "prompt": 512, "context": 16}, text)
    written = page.read_text()
    assert written.startswith("before\n") and written.endswith("after\n") and "old" not in written
    assert "| Q4_0 | 2 | decode | 10.0 (9.0 to 11.0) | 8.0 (9.0 to 11.0) | 1.25 |" in written


def test_a_failing_engine_is_one_error():
    with pytest.raises(SystemExit, match="false ended with status 1"):
        language.output_of("false", ["false"])
