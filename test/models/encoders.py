"""Random small encoders of every family with real config keys, their inputs, and the project's rule for how close is close."""

import os

import numpy as np
import torch
import transformers

# Sizes differ from each other and from powers of two, so that a mixed-up dimension or an untreated edge shows.
SIZES = dict(vocab_size=199, hidden_size=72, num_hidden_layers=3, num_attention_heads=6, intermediate_size=150,
             max_position_embeddings=140)
DISTIL_SIZES = dict(vocab_size=199, dim=72, n_layers=3, n_heads=6, hidden_dim=150, max_position_embeddings=140)

FAMILIES = {
    "bert": (transformers.BertConfig, transformers.BertModel, {**SIZES, "type_vocab_size": 2}),
    "roberta": (transformers.RobertaConfig, transformers.RobertaModel, {**SIZES, "type_vocab_size": 1, "layer_norm_eps": 1e-5}),
    "xlm-roberta": (transformers.XLMRobertaConfig, transformers.XLMRobertaModel, {**SIZES, "type_vocab_size": 1}),
    "camembert": (transformers.CamembertConfig, transformers.CamembertModel, {**SIZES, "type_vocab_size": 1, "hidden_act": "gelu_new"}),
    "distilbert": (transformers.DistilBertConfig, transformers.DistilBertModel, DISTIL_SIZES),
    "electra": (transformers.ElectraConfig, transformers.ElectraModel, {**SIZES, "embedding_size": 40}),
    "bert-relu": (transformers.BertConfig, transformers.BertModel, {**SIZES, "hidden_act": "relu", "type_vocab_size": 3}),
    "bert-quick-gelu": (transformers.BertConfig, transformers.BertModel, {**SIZES, "hidden_act": "quick_gelu"}),
    "bert-silu": (transformers.BertConfig, transformers.BertModel, {**SIZES, "hidden_act": "silu"}),
    "bert-tanh": (transformers.BertConfig, transformers.BertModel, {**SIZES, "hidden_act": "tanh"}),
}
if os.environ.get("GIRIH_SANITIZED"):  # compiling is slow there, and the families differ in the importer alone
    FAMILIES = {name: FAMILIES[name] for name in ("bert", "roberta", "distilbert")}
# Batch and length: one token, an edge inside a tile, a whole tile and one more.
SHAPES = [(1, 1), (1, 7), (1, 129), (3, 1), (3, 7), (3, 129)]


def make(family, directory, seed=0, **changes):
    """Saves a random model of the family; weights are larger than transformers' initial ones, so that every part matters."""
    config_class, model_class, sizes = FAMILIES[family]
    torch.manual_seed(seed)
    model = model_class(config_class(**{**sizes, **changes}), **({} if family == "distilbert" or family == "electra" else
                                                                 {"add_pooling_layer": False})).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2:
                parameter.normal_(0, 0.12)
            elif "norm" in name.lower() and name.endswith("weight"):
                parameter.normal_(1, 0.2)
            else:
                parameter.normal_(0, 0.1)
    model.save_pretrained(directory)
    return model


def inputs(model, batch, length, seed=0):
    """Ids and a mask; rows after the first are padded on the right, by more from row to row, with the padding token."""
    generator = np.random.default_rng(seed)
    padding = model.config.pad_token_id or 0
    ids = generator.integers(5, model.config.vocab_size, (batch, length)).astype(np.int32)
    mask = np.ones_like(ids)
    for row in range(1, batch):
        kept = max(1, length - row * max(1, length // 4))
        ids[row, kept:] = padding
        mask[row, kept:] = 0
    return ids, mask


def run(model, ids, mask):
    """The last hidden state, with whatever type the model has."""
    with torch.no_grad():
        result = model(input_ids=torch.tensor(ids, dtype=torch.long), attention_mask=torch.tensor(mask, dtype=torch.long))
    return result.last_hidden_state.to(torch.float64).numpy()


def references(model, ids, mask, dtype):
    """(the truth in f64, PyTorch's answer in `dtype`), both from weights rounded to `dtype`."""
    kind = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
    rounded = model.to(kind)
    answer = run(rounded, ids, mask)
    truth = run(rounded.to(torch.float64), ids, mask)
    model.to(torch.float32)
    return truth, answer


EPSILON = {"f32": 2.0**-23, "bf16": 2.0**-7}


def assert_accepted(ours, truth, torchs, dtype):
    """The rule of acceptance: our error against f64 is at most twice PyTorch's plus 4 eps max|y|, in maximum and in RMS."""
    assert ours.shape == truth.shape
    assert np.isfinite(ours).all()
    allowance = 4 * EPSILON[dtype] * np.abs(truth).max()
    for name, measure in (("maximum", lambda e: np.abs(e).max()), ("RMS", lambda e: np.sqrt((e**2).mean()))):
        error, limit = measure(ours - truth), 2 * measure(torchs - truth) + allowance
        assert error <= limit, f"{name} error {error:.3g} exceeds {limit:.3g}"
