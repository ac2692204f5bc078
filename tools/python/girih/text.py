"""From text to token ids and back with the model's own tokenizer.json, by Hugging Face's `tokenizers`."""

import json
from pathlib import Path
from typing import NamedTuple, Optional

import numpy as np

from ._errors import Error


def read_text(path: Path) -> str:
    """What a file says that the user named."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Error(f"expected UTF-8 in {path}, but byte {error.start} is not", "bad-prompt", 3) from None


def well_formed(text: str) -> str:
    """The text, if it is one: bytes of an argument or an input that are not UTF-8 come from Python as halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        before = text[max(0, error.start - 20):error.start]
        raise Error(f"expected a text in UTF-8, but what comes after {before!r} is not", "bad-prompt", 3) from None
    return text


def find_tokenizer(model: Path, given=None) -> Path:
    """The tokenizer to use: the one given (a file or a directory), else the model directory's."""
    place = Path(given) if given else model
    path = place / "tokenizer.json" if place.is_dir() else place
    if not path.is_file():
        raise Error(f"expected a tokenizer.json at {path}, but there is none; say where it is with --tokenizer", "missing-file", 3)
    return path


def read_tokenizer(text: str, where: str):
    """One of `tokenizers`' own, from the text of a tokenizer.json."""
    from tokenizers import Tokenizer as HuggingFaceTokenizer

    try:
        return HuggingFaceTokenizer.from_str(text)
    except Exception as error:  # tokenizers raises plain Exception
        raise Error(f"{where} is not a tokenizer that 'tokenizers' can read: {error}", "bad-tokenizer", 3) from None


class TextSettings(NamedTuple):
    """What sentence-transformers does with a text before its tokens are made."""

    longest: Optional[int] = None  # tokens; None: the model's own limit
    prompt: str = ""               # stands before every text
    lower: bool = False
    strip: bool = False            # as it does with every text; transformers alone does not

    def applied(self, text: str) -> str:
        text = self.prompt + well_formed(text)
        text = text.strip() if self.strip else text
        return text.lower() if self.lower else text


def read_settings(directory: Path) -> TextSettings:
    """Those of a model directory; none where sentence-transformers did not write it."""
    wrapper, model = Settings(directory / "sentence_bert_config.json"), Settings(directory / "config_sentence_transformers.json")
    return TextSettings(wrapper.value("max_seq_length", lambda x: type(x) is int and x > 0, "an integer of at least 1"), default_prompt(model),
                        bool(wrapper.value("do_lower_case", lambda x: isinstance(x, bool), "true or false")),
                        wrapper.exists or model.exists or (directory / "modules.json").is_file())


def default_prompt(model: "Settings") -> str:
    """The prompt that stands before a text unless one asks for another."""
    name = model.value("default_prompt_name", lambda x: isinstance(x, str), "a string")
    prompts = model.value("prompts", lambda x: isinstance(x, dict) and all(isinstance(text, str) for text in x.values()), "an object of texts") or {}
    if name is None:
        return ""
    if name not in prompts:
        raise model.bad(f"expected 'default_prompt_name' to be one of the prompts ({', '.join(prompts) or 'there are none'}), but found {name!r}")
    return prompts[name]


class Settings:
    """A JSON object in a file that need not be there."""

    def __init__(self, path: Path):
        self.path, self.values = path, {}
        self.exists = path.is_file()
        if self.exists:
            self._read()

    def _read(self) -> None:
        try:
            self.values = json.loads(self.path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise Error(f"expected JSON in {self.path}, but: {error}", "bad-json", 3) from None
        if not isinstance(self.values, dict):
            raise Error(f"expected an object in {self.path}, but found {type(self.values).__name__}", "bad-json", 3)

    def value(self, key, accepts, expected):
        """What the file says under `key`; None where it says nothing."""
        found = self.values.get(key)
        if found is None or accepts(found):
            return found
        raise self.bad(f"expected {expected} as '{key}', but found {json.dumps(found)[:120]}")

    def bad(self, message) -> Error:
        return Error(f"{message}; in {self.path}", "bad-config-value", 3)


class Tokenizer:
    """Batches of text to padded ids and masks, cut at the model's longest sequence. `model` is the directory whose settings hold for texts
    (default: the tokenizer's)."""

    def __init__(self, path: Path, longest: int, model: Optional[Path] = None):
        self.settings = read_settings(model or path.parent)
        self.inner = read_tokenizer(path.read_text(), str(path))
        self.inner.enable_truncation(max_length=min(longest, self.settings.longest or longest))
        padding = self.inner.padding or {}
        self.inner.enable_padding(pad_id=padding.get("pad_id", pad_id(self.inner)), pad_token=padding.get("pad_token", "[PAD]"))

    def __call__(self, texts):
        encoded = self.inner.encode_batch([self.settings.applied(text) for text in texts])
        ids = np.array([e.ids for e in encoded], np.int32)
        mask = np.array([e.attention_mask for e in encoded], np.int32)
        return ids, mask


def pad_id(tokenizer) -> int:
    for token in ("[PAD]", "<pad>"):
        if (found := tokenizer.token_to_id(token)) is not None:
            return found
    return 0


class Language:
    """How a decoder speaks: its tokenizer, chat template and special tokens, as its artifact has them."""

    def __init__(self, model, tokenizer=None):
        self.template = model.metadata("chat_template")
        self.stop = model.stop_tokens
        text, where = model.metadata("tokenizer"), "the artifact's tokenizer"
        if tokenizer or not text:
            origin = Path(model.metadata("model") or model.path)
            where = find_tokenizer(origin if origin.is_dir() else origin.parent, tokenizer)
            text = where.read_text()
        self.inner = read_tokenizer(text, str(where))
        self.inner.no_truncation()
        self.inner.no_padding()
        self.specials = self._specials(model)

    def _specials(self, model) -> dict:
        """The tokens that a template knows by name: as the tokenizer has them, or by the model's numbers. What there is not has no name."""
        numbers = {"bos_token": model.metadata("bos"), "eos_token": model.metadata("eos")}
        texts = {name: self.inner.id_to_token(int(several.partition(",")[0])) for name, several in numbers.items() if several}
        return {name: text for name, text in {**texts, **json.loads(model.metadata("special_tokens") or "{}")}.items() if text}

    def encode(self, text: str) -> list:
        """Plain text, with the tokens that the tokenizer itself puts around it."""
        return self.inner.encode(well_formed(text)).ids

    def chat(self, messages: list) -> list:
        """A conversation up to where the model's answer begins."""
        from .chat import render

        text = render(self.template, messages, **self.specials)
        return self.inner.encode(well_formed(text), add_special_tokens=False).ids

    def decode(self, tokens) -> str:
        return self.inner.decode(list(tokens), skip_special_tokens=True)

    def stream(self) -> "Stream":
        return Stream(self.inner)


class Stream:
    """Tokens to text as they come. A token may end within a character, or change how the one before it is written: text is given out once
    the tokens after it cannot change it, and `rest` gives out what was held back."""

    HOLD = "\ufffd"  # what `tokenizers` writes for bytes that are no character yet

    def __init__(self, inner):
        self.inner = inner
        self.tokens: list = []
        self.given = 0  # tokens whose text was given out; the last few stay, because spaces depend on what is before them
        self.text = ""  # of those

    def _decode(self) -> str:
        return self.inner.decode(self.tokens, skip_special_tokens=True)

    def add(self, token: int) -> str:
        self.tokens.append(token)
        text = self._decode()
        if text.endswith(self.HOLD) and len(self.tokens) - self.given < 8:  # no character has more bytes than four
            return ""
        return self._give(text)

    def rest(self) -> str:
        return self._give(self._decode())

    def _give(self, text: str) -> str:
        new = text[len(self.text):]
        # What follows is decoded after the tokens given last, as in the whole text.
        self.tokens = self.tokens[self.given:] or self.tokens
        self.text = self._decode()
        self.given = len(self.tokens)
        return new
