"""girih.load and Model.encode: transformers' answers, every accepted form of input, and refusals that name what is wrong."""

import concurrent.futures
import signal
import subprocess
import sys
import time

import girih
import numpy as np
import pytest
import torch
from small_bert import make_bert

IDS = [[2, 17, 33, 90, 3], [2, 5, 3, 0, 0], [2, 96, 1, 3, 0]]
MASK = [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0]]


@pytest.fixture(scope="module")
def model(artifact):
    return girih.load(artifact, threads=2)


@pytest.fixture(scope="module")
def expected(bert):
    with torch.no_grad():
        return bert[1](input_ids=torch.tensor(IDS), attention_mask=torch.tensor(MASK)).last_hidden_state.numpy()


def attended(values):
    return values[np.array(MASK, bool)]


def test_gives_the_answers_of_transformers(model, expected):
    got = model.encode(IDS, MASK)
    assert got.dtype == np.float32 and got.shape == expected.shape
    np.testing.assert_allclose(attended(got), attended(expected), rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", [list, np.int32, np.int64, "fortran", "torch"])
def test_takes_lists_and_integer_arrays(model, kind):
    forms = {list: lambda x: x, "fortran": lambda x: np.asfortranarray(x), "torch": torch.tensor}
    form = forms.get(kind, lambda x: np.array(x, kind))
    np.testing.assert_array_equal(model.encode(form(IDS), form(MASK)), model.encode(IDS, MASK))


def test_without_a_mask_every_position_is_a_token(model):
    np.testing.assert_array_equal(model.encode(IDS[:1]), model.encode(IDS[:1], MASK[:1]))


def test_same_bits_for_any_batch_and_thread_count(artifact, model):
    together = model.encode(IDS, MASK)
    alone = girih.load(artifact, threads=1)
    for row in range(len(IDS)):
        np.testing.assert_array_equal(alone.encode(IDS[row:row + 1], MASK[row:row + 1])[0], together[row])


def test_several_threads_may_share_a_model(model):
    expected = model.encode(IDS, MASK)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda _: model.encode(IDS, MASK), range(32)):
            np.testing.assert_array_equal(got, expected)


def test_results_outlive_the_model(artifact):
    model = girih.load(artifact)
    first = model.encode(IDS, MASK)
    copy = first.copy()
    del model
    np.testing.assert_array_equal(first, copy)


def test_describes_itself(model, bert):
    entry = model.entries[0]
    assert entry.name == "encode" and [value.name for value in entry.inputs] == ["ids", "mask"]
    assert entry.inputs[0].dtype == "int32" and entry.outputs[0].dtype == "float32"
    assert entry.outputs[0].shape[-1] == 48 and entry.launches > 0
    assert model.limits["seq"] == (1, 40)
    assert model.metadata("model") == str(bert[0]) and model.metadata("no-such-key") is None


@pytest.mark.parametrize("ids, mask, message", [
    ([[1, 2], [3]], None, "rows of one length"),
    ([1, 2, 3], None, r"\[batch, sequence\]"),
    ([[1.5, 2.0]], None, "to be integers"),
    ([[1, 2]], [[1, 1, 1]], "one shape"),
    ([[2**40, 2]], None, "fit 32 bits"),
])
def test_malformed_arguments_are_value_errors(model, ids, mask, message):
    with pytest.raises(ValueError, match=message) as caught:
        model.encode(ids, mask)
    assert isinstance(caught.value, girih.Error) and (caught.value.code, caught.value.status) == ("invalid-argument", 2)


@pytest.mark.parametrize("ids, code", [
    ([[2, 97, 3]], "value-out-of-range"),      # the vocabulary has 97 words: 96 is the last
    ([[2, -1, 3]], "value-out-of-range"),
    ([[2] * 41], "size-out-of-bounds"),        # 40 positions
    (np.zeros((0, 4), np.int32), "size-out-of-bounds"),
    (np.zeros((1, 0), np.int32), "size-out-of-bounds"),
])
def test_inputs_beyond_the_model_are_refused(model, ids, code):
    with pytest.raises(girih.Error) as caught:
        model.encode(ids)
    assert caught.value.code == code


def test_works_after_a_refusal(model, expected):
    with pytest.raises(girih.Error):
        model.encode([[2, 97, 3]])
    np.testing.assert_allclose(attended(model.encode(IDS, MASK)), attended(expected), rtol=0, atol=2e-5)


def test_threads_must_be_positive(artifact):
    with pytest.raises(ValueError, match="from 1 to"):
        girih.load(artifact, threads=0)


def test_a_missing_artifact(tmp_path):
    with pytest.raises(girih.Error) as caught:
        girih.load(tmp_path / "absent.girih")
    assert caught.value.code == "cannot-read" and "absent.girih" in str(caught.value) and caught.value.status == 3


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_damaged_artifact(artifact, tmp_path, damage):
    data = bytearray(artifact.read_bytes())
    if damage == "flipped":
        data[len(data) * 2 // 3] ^= 8
    path = tmp_path / "damaged.girih"
    path.write_bytes({"truncated": data[:len(data) // 2], "flipped": data, "empty": b""}[damage])
    with pytest.raises(girih.Error) as caught:
        girih.load(path)
    assert caught.value.code == "damaged-artifact"


def test_interrupting_ends_a_run(tmp_path):
    """SIGINT while many long texts are encoded: KeyboardInterrupt long before they would be done, and the model goes on to work."""
    make_bert(tmp_path / "bert", num_hidden_layers=12, hidden_size=768, num_attention_heads=12, intermediate_size=3072, max_position_embeddings=512)
    girih.compile(tmp_path / "bert", tmp_path / "m.girih", weights="external")
    program = f"""
import girih, numpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
model = girih.load({str(tmp_path / 'm.girih')!r})
print("ready", flush=True)
try:
    model.encode(numpy.ones((64, 512), int))
except KeyboardInterrupt:
    assert numpy.isfinite(model.encode([[2, 3]])).all()
    sys.exit(77)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=15) == 77  # undisturbed, it takes a minute
        finally:
            process.kill()
