"""The decoder of the runtime's own tests as an artifact: it hashes the tokens it has seen, reading them back from its cache. Here is the
same in Python, and a tokenizer whose tokens are bytes."""

import subprocess
from pathlib import Path

import girih
import numpy as np

VOCABULARY, POSITIONS = 270, 300
BOS, EOS = 256, 257
TEMPLATE = "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"


def make_decoder(path, **properties):
    """Writes the artifact with these properties."""
    program = Path(girih.__file__).parents[2] / "bin/sample-artifact"
    subprocess.run([program, "decoder", path, *(f"{key}={value}" for key, value in properties.items())], check=True)
    return path


def hash_of(tokens):
    value = 1
    for token in tokens:
        value = (value * 31 + token + 1) & 0xFFFFFF
    return value


def logits_of(tokens):
    return np.array([float(hash_of(tokens) >> (v & 15) & 255) for v in range(VOCABULARY)], np.float32)


def next_of(tokens, temperature=0.0, repetition_penalty=1.0, seed=0):
    value = hash_of(tokens)
    if temperature > 0:
        value += seed * 13 + len(tokens)
    if repetition_penalty != 1:
        value += len(set(tokens))
    return value % VOCABULARY


def follow(tokens, count, **sampling):
    """The next `count` tokens."""
    tokens = list(tokens)
    for _ in range(count):
        tokens.append(next_of(tokens, **sampling))
    return tokens[-count:]


def byte_tokenizer():
    """Token i is byte i; <s> and </s> are special."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]  # GPT-2's way to write bytes as characters
    others = [b for b in range(256) if b not in printable]
    characters = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
    tokenizer = Tokenizer(models.BPE(vocab={characters[b]: b for b in range(256)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<s>"), AddedToken("</s>")])
    return tokenizer
