"""A small random encoder and its artifact, made once for all tests of the package."""

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
girih = pytest.importorskip("girih")


def make_bert(directory, **changes):
    """A BERT of random weights with every size different from every other, so that a mixed-up dimension shows."""
    sizes = dict(vocab_size=97, hidden_size=48, num_hidden_layers=2, num_attention_heads=3, intermediate_size=80,
                 max_position_embeddings=40, type_vocab_size=2)
    torch.manual_seed(5)
    model = transformers.BertModel(transformers.BertConfig(**{**sizes, **changes})).eval()
    model.save_pretrained(directory)
    return model


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    """(directory, transformers' model)"""
    directory = tmp_path_factory.mktemp("bert")
    return directory, make_bert(directory)


@pytest.fixture(scope="session")
def artifact(bert, tmp_path_factory):
    path = tmp_path_factory.mktemp("artifacts") / "bert.girih"
    girih.compile(bert[0], path)
    return path
