"""Memory is bounded: long attention never holds a sequence-by-sequence matrix, and a process needs little beside weights and arena."""

import os
import subprocess
import sys

import pytest

import encoders

girih = pytest.importorskip("girih")
pytestmark = pytest.mark.skipif(bool(os.environ.get("GIRIH_SANITIZED")), reason="a sanitizer's shadow is memory too")

# Runs in a process of its own; prints the peak of its resident memory, in bytes, before and after the run.
MEASURE = """
import resource, sys
import numpy as np
import girih
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
model = girih.load(sys.argv[1])
before = peak()
result = model.encode(np.ones((1, int(sys.argv[2])), np.int32))
assert np.isfinite(result).all()
print(before, peak(), model.statistics["arena_bytes"], result.nbytes)
"""


def measure(artifact, length):
    done = subprocess.run([sys.executable, "-c", MEASURE, str(artifact), str(length)], check=True, capture_output=True, text=True)
    return map(int, done.stdout.split())


def test_attention_over_16384_tokens(tmp_path, compiled):
    """8 heads over 16,384 tokens: the scores alone would take 8 GiB."""
    encoders.make("bert", tmp_path, hidden_size=64, num_attention_heads=8, intermediate_size=64, num_hidden_layers=1,
                  max_position_embeddings=16384)
    _, peak, _, _ = measure(compiled(tmp_path, max_batch=1), 16384)
    assert peak < 3e9


def test_a_run_needs_its_arena_and_little_more(minilm, compiled):
    before, peak, arena, output = measure(compiled(minilm), 256)
    assert peak - before <= arena + os.path.getsize(os.path.join(minilm, "model.safetensors")) + output + (32 << 20)
