// Phi-3, 3.5 and Phi-4-mini: Llama with queries, keys and values in one linear layer, and gate and up in another.
#include "lib/Import/DecoderFamily.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral modelTypes[] = {"phi3"};

static constexpr ConfigKey keys[] = {
    count("vocab_size", &ModelConfig::vocabulary, 32064),
    count("hidden_size", &ModelConfig::hidden, 3072),
    count("intermediate_size", &ModelConfig::intermediate, 8192),
    count("num_hidden_layers", &ModelConfig::layers, 32),
    count("num_attention_heads", &ModelConfig::heads, 32),
    optionalCount("num_key_value_heads", &ModelConfig::keyHeads),
    optionalCount("head_dim", &ModelConfig::headSize),
    count("max_position_embeddings", &ModelConfig::positions, 4096),
    optionalCount("sliding_window", &ModelConfig::window),
    number("rms_norm_eps", &ModelConfig::epsilon, 1e-5),
    text("hidden_act", &ModelConfig::activation, "silu"),
    flag("tie_word_embeddings", &ModelConfig::tied, false),
    ropeKey("rope_theta"),
    ropeKey("rope_scaling"),
    ropeKey("rope_parameters"),
    ropeKey("partial_rotary_factor"),
    ropeKey("original_max_position_embeddings"),
    // Written by the models' own code; transformers' Phi-3 has no such biases, and no layers that differ in what they see.
    fixed("attention_bias", "false"),
    fixed("mlp_bias", "false"),
    fixed("lm_head_bias", "false"),
    fixed("full_attn_mod", "1"),
    fixed("interpolate_factor", "1"),
};

static constexpr StringLiteral harmless[] = {"attention_dropout", "embd_pdrop", "resid_pdrop", "auto_map"};

const DecoderFamily girih::import::phi3{.modelTypes = modelTypes, .keys = keys, .harmlessKeys = harmless,
                                        .names = {.queryKeyValue = "self_attn.qkv_proj", .gateUp = "mlp.gate_up_proj"},
                                        .biases = {}, .ignoredEndings = {}};
