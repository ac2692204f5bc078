"""The real MiniLM: fifty sentences of 1 to 256 tokens, alone and in padded batches, agree with transformers to a cosine of 0.99999."""

import os

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")
girih = pytest.importorskip("girih")

WORDS = """the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you
were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other
time new some could these two may first then do any like my now over such our man me even most made after also did many off before must
well back through years much where your way down should because long each just those people how too little state good very make world
still see own work men day get here old between both life being under three never know same last another while us might great
whatever, nevertheless. quantum! tokenization? embeddings; unbelievable compilers: "craftsmen" (girih) 1962 3.14159 naïve façade""".split()


def sentences(tokenizer):
    """Fifty texts whose token counts, special tokens included, spread from 2 to 256, and one that is a single token."""
    generator = np.random.default_rng(11)
    result = []
    for length in np.linspace(2, 256, 50).astype(int):
        ids = []
        while len(ids) < length - 2:
            ids += tokenizer.encode(" ".join(generator.choice(WORDS, 40)), add_special_tokens=False).ids
        result.append([101] + ids[: length - 2] + [102])
    result[0] = result[0][:1]
    return result


def pad(rows):
    ids = np.zeros((len(rows), max(map(len, rows))), np.int32)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return ids, mask


@pytest.fixture(scope="module")
def rows(minilm):
    tokenizer = tokenizers.Tokenizer.from_file(os.path.join(minilm, "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return sentences(tokenizer)


@pytest.fixture(scope="module")
def expected(minilm, rows):
    """What sentence-transformers computes: mean over the tokens, then unit length; each sentence alone."""
    model = transformers.AutoModel.from_pretrained(minilm).eval()
    result = []
    with torch.no_grad():
        for row in rows:
            hidden = model(input_ids=torch.tensor([row]), attention_mask=torch.ones(1, len(row), dtype=torch.long)).last_hidden_state
            result.append(torch.nn.functional.normalize(hidden.mean(1), dim=1)[0].numpy())
    return np.array(result)


@pytest.fixture(scope="module")
def runner(minilm, compiled):
    return girih.load(compiled(minilm))


def cosines(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def test_lengths(rows):
    assert len(rows) == 50
    assert min(map(len, rows)) == 1 and max(map(len, rows)) == 256


def test_each_sentence_alone(rows, expected, runner):
    ours = np.concatenate([runner.encode(*pad([row])) for row in rows])
    assert cosines(ours, expected).min() > 0.99999
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("batch", [2, 8, 50])
def test_padded_batches(batch, rows, expected, runner):
    """Lengths are mixed within a batch, so most rows are padded."""
    order = np.random.default_rng(batch).permutation(len(rows))
    for begin in range(0, len(rows), batch):
        chosen = order[begin : begin + batch]
        assert cosines(runner.encode(*pad([rows[i] for i in chosen])), expected[chosen]).min() > 0.99999


def test_bfloat16_stays_close(minilm, rows, expected, compiled):
    ours = girih.load(compiled(minilm, "bf16")).encode(*pad(rows[:8]))
    assert cosines(ours, expected[:8]).min() > 0.999


def test_rule_of_acceptance(minilm, rows, runner):
    """The error against f64 is at most twice that of PyTorch in f32, plus 4 eps."""
    import encoders

    model = transformers.AutoModel.from_pretrained(minilm).eval()
    ids, mask = pad([rows[i] for i in (3, 20, 49)])
    unit = lambda hidden: (lambda sums: sums / np.linalg.norm(sums, axis=1, keepdims=True))((hidden * mask[:, :, None]).sum(1))
    truth, torchs = encoders.references(model, ids, mask, "f32")
    encoders.assert_accepted(runner.encode(ids, mask), unit(truth), unit(torchs), "f32")
