"""From text to token ids with the model's own tokenizer.json, by Hugging Face's `tokenizers`."""

import json
from pathlib import Path

import numpy as np

from ._errors import Error


def find_tokenizer(model: Path, given=None) -> Path:
    """The tokenizer to use: the one given (a file or a directory), else the model directory's."""
    place = Path(given) if given else model
    path = place / "tokenizer.json" if place.is_dir() else place
    if not path.is_file():
        raise Error(f"expected a tokenizer.json at {path}, but there is none; say where it is with --tokenizer", "missing-file", 3)
    return path


class Tokenizer:
    """Batches of text to padded ids and masks, cut at the model's longest sequence."""

    def __init__(self, path: Path, longest: int):
        from tokenizers import Tokenizer as HuggingFaceTokenizer

        try:
            self.inner = HuggingFaceTokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises plain Exception
            raise Error(f"{path} is not a tokenizer that 'tokenizers' can read: {error}", "bad-tokenizer", 3) from None
        self.inner.enable_truncation(max_length=min(longest, trained_length(path.parent, longest)))
        padding = self.inner.padding or {}
        self.inner.enable_padding(pad_id=padding.get("pad_id", pad_id(self.inner)), pad_token=padding.get("pad_token", "[PAD]"))

    def __call__(self, texts):
        encoded = self.inner.encode_batch(list(texts))
        ids = np.array([e.ids for e in encoded], np.int32)
        mask = np.array([e.attention_mask for e in encoded], np.int32)
        return ids, mask


def trained_length(directory: Path, default: int) -> int:
    """sentence-transformers' own cut, where the directory has one."""
    path = directory / "sentence_bert_config.json"
    if not path.is_file():
        return default
    return json.loads(path.read_text()).get("max_seq_length") or default


def pad_id(tokenizer) -> int:
    for token in ("[PAD]", "<pad>"):
        if (found := tokenizer.token_to_id(token)) is not None:
            return found
    return 0
