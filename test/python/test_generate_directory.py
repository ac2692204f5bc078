"""A Hugging Face directory speaks as a GGUF file does: its tokenizer, chat template and end tokens go into the artifact, which then needs
the directory no more; greedy tokens are transformers'."""

import json
import shutil
import subprocess
import sys

import girih
import numpy as np
import pytest
from girih.text import Language
from small_decoder import BOS, EOS, TEMPLATE, byte_tokenizer

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
PROMPT = [BOS, *b"[user]hi[assistant]"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("llama")
    config = transformers.LlamaConfig(vocab_size=258, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
                                      num_key_value_heads=2, max_position_embeddings=128, bos_token_id=BOS, eos_token_id=0)
    torch.manual_seed(5)
    model = transformers.LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.normal_(0, 0.12)
    model.save_pretrained(folder)
    byte_tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": TEMPLATE, "bos_token": "<s>"}))
    (folder / "generation_config.json").write_text(json.dumps({"bos_token_id": BOS, "eos_token_id": [EOS, 255]}))
    return folder, model


def generate(path, *options):
    run = [sys.executable, "-m", "girih.cli", "generate", str(path), "--prompt", "hi", "--json", "--max-new-tokens", "12", *options]
    return json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)


def greedy(model, count):
    tokens = list(PROMPT)
    with torch.no_grad():
        while len(tokens) < len(PROMPT) + count and tokens[-1] not in (EOS, 255):
            tokens.append(int(model(input_ids=torch.tensor([tokens])).logits[0, -1].argmax()))
    return tokens[len(PROMPT):]


def test_directory_and_artifact_give_transformers_tokens(directory, tmp_path):
    folder, model = directory
    expected = greedy(model, 12)
    assert len(set(expected)) > 2
    assert generate(folder)["tokens"] == expected
    copy = shutil.copytree(folder, tmp_path / "gone")
    girih.compile(copy, tmp_path / "model.girih")
    shutil.rmtree(copy)
    answer = generate(tmp_path / "model.girih")
    assert answer["tokens"] == expected and answer["prompt_tokens"] == len(PROMPT)
    assert answer["text"] == byte_tokenizer().decode([token for token in expected if token not in (EOS, 255)])


def test_what_the_artifact_says(directory, tmp_path):
    girih.compile(directory[0], tmp_path / "model.girih")
    model = girih.load(tmp_path / "model.girih")
    said = {name: model.metadata(name) for name in ("family", "vocabulary", "hidden", "layers", "bos", "eos", "chat_template", "tokenizer")}
    assert said == {"family": "llama", "vocabulary": "258", "hidden": "64", "layers": "2", "bos": str(BOS), "eos": f"{EOS},255",
                    "chat_template": TEMPLATE, "tokenizer": (directory[0] / "tokenizer.json").read_text()}
    assert Language(model).chat([{"role": "user", "content": "hi"}]) == PROMPT
    assert np.isfinite(model.logits([PROMPT])).all()


@pytest.mark.parametrize("tokens", [
    {"bos_token": "<s>", "eos_token": {"content": "</s>", "__type": "AddedToken"}},
    {"bos_token": None, "eos_token": "</s>", "pad_token": "</s>"},
])
def test_templates_give_transformers_ids(directory, tmp_path, tokens):
    """The numbers in generation_config.json begin with others than the tokenizer's own: its texts count."""
    template = "{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}{% if pad_token is defined %}P{% endif %}"
    folder = shutil.copytree(directory[0], tmp_path / "model")
    (folder / "generation_config.json").write_text(json.dumps({"bos_token_id": 65, "eos_token_id": [66, EOS]}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template, "tokenizer_class": "PreTrainedTokenizerFast", **tokens}))
    girih.compile(folder, tmp_path / "model.girih")
    messages = [{"role": "user", "content": "hi"}, {"role": "user", "content": "you"}]
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(folder).apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    assert Language(girih.load(tmp_path / "model.girih")).chat(messages) == theirs
