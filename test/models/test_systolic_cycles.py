"""What layers cost on `tpu-v5e-like`, whose weights are random: cycles against what its bus takes for the bytes, and four arrays against
one."""

import json
import os
import subprocess
from pathlib import Path

import pytest

BIN = Path(os.environ.get("GIRIH_BUILD", "build/dev")) / "bin"
FACTS = Path(__file__).parents[2] / "lib" / "Target" / "Facts" / "tpu-v5e-like.facts"
BYTES_PER_CYCLE = 546

pytestmark = pytest.mark.skipif(not (BIN / "girihc").exists(), reason="needs girihc")

# A layer of BERT base, and one of Llama 3.2 1B with few words.
BERT = {"architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "hidden_size": 768, "intermediate_size": 3072,
        "layer_norm_eps": 1e-12, "max_position_embeddings": 512, "num_attention_heads": 12, "num_hidden_layers": 1, "pad_token_id": 0,
        "type_vocab_size": 2, "vocab_size": 30522}  # fmt: skip
LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 8192,
         "head_dim": 64, "max_position_embeddings": 131072, "num_attention_heads": 32, "num_key_value_heads": 8, "num_hidden_layers": 1,
         "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "tie_word_embeddings": True, "vocab_size": 1024, "bos_token_id": 1, "eos_token_id": 2,
         "rope_scaling": {"rope_type": "llama3", "factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                          "original_max_position_embeddings": 8192}}  # fmt: skip


def report(folder, config, machine, *options):
    (folder / "config.json").write_text(json.dumps(config))
    artifact = folder / "model.girih"
    subprocess.run([BIN / "girihc", "-q", folder, f"--target=systolic:{machine}", "--dtype=bf16", "--weights=random:1", "-o", artifact], check=True)
    run = subprocess.run([BIN / "girih-run", artifact, "--benchmark", "--json", *options], check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def named(costs, name):
    """The kernel of the layer alone, else the one whose last layer it is."""
    return min((layer for layer in costs["layers"] if layer["layers"].split(" + ")[-1] == name), key=lambda layer: len(layer["layers"]))


def test_decoding_goes_at_the_buss_rate(tmp_path):
    """Each layer's weights are read once, and little else takes time. Blocks have no more rows than a batch, so that iterations overlap."""
    costs = report(tmp_path, LLAMA, "tpu-v5e-like", "--entry=decode", "--shape=batch=1,total=512,slots=1024")
    most = {"mlp.up_proj": 1.05, "mlp.down_proj": 1.22, "self_attn.q_proj": 1.23, "self_attn.o_proj": 1.23}
    for name, factor in most.items():
        layer = named(costs, f"model.layers.0.{name}")
        assert layer["cycles"] <= factor * layer["dramBytes"] / BYTES_PER_CYCLE, layer
    assert named(costs, "model.layers.0.self_attn")["cycles"] <= 23000
    assert costs["all"]["cycles"] <= 1.26 * costs["all"]["dramRead"] / BYTES_PER_CYCLE


def test_prefill_overlaps(tmp_path):
    """Blocks of 512 rows leave room for two halves, because what follows the last product needs no room for others' sums."""
    costs = report(tmp_path, LLAMA, "tpu-v5e-like", "--entry=prefill", "--shape=batch=1,seq=512,total=512,slots=1024")
    assert named(costs, "model.layers.0.mlp.up_proj")["utilisation"] >= 0.7


def test_arrays_share_an_encoders_layers(tmp_path):
    """Four arrays take fewer cycles than one in every kernel with matrices, and heads of attention have an array each."""
    facts = FACTS.read_text().replace("arrays = 4", "arrays = 1")
    (tmp_path / "one.facts").write_text(facts)
    shape = "--shape=batch=1,seq=128"
    one, four = report(tmp_path, BERT, tmp_path / "one.facts", shape), report(tmp_path, BERT, "tpu-v5e-like", shape)
    for name, factor in {"attention.self": 0.7, "intermediate.dense": 0.67, "output.dense": 1}.items():
        name = f"encoder.layer.0.{name}"
        assert named(four, name)["cycles"] <= factor * named(one, name)["cycles"], name
    assert one["all"]["cycles"] <= 122000 and four["all"]["cycles"] <= 107000
