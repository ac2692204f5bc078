"""A BERT of random weights with every size different from every other, so that a mixed-up dimension shows."""

import torch
import transformers


def make_bert(directory, **changes):
    """Saves the model in `directory` and returns it."""
    sizes = dict(vocab_size=97, hidden_size=48, num_hidden_layers=2, num_attention_heads=3, intermediate_size=80,
                 max_position_embeddings=40, type_vocab_size=2)
    torch.manual_seed(5)
    model = transformers.BertModel(transformers.BertConfig(**{**sizes, **changes})).eval()
    model.save_pretrained(directory)
    return model
