// Llama and those of its structure: RMSNorm before each half of a layer, rotary embeddings, grouped key heads, a gated feed-forward
// layer. SmolLM2 calls itself llama too.
#include "lib/Import/DecoderFamily.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral modelTypes[] = {"llama"};

static constexpr ConfigKey keys[] = {
    count("vocab_size", &ModelConfig::vocabulary, 32000),
    count("hidden_size", &ModelConfig::hidden, 4096),
    count("intermediate_size", &ModelConfig::intermediate, 11008),
    count("num_hidden_layers", &ModelConfig::layers, 32),
    count("num_attention_heads", &ModelConfig::heads, 32),
    optionalCount("num_key_value_heads", &ModelConfig::keyHeads),
    optionalCount("head_dim", &ModelConfig::headSize),
    count("max_position_embeddings", &ModelConfig::positions, 2048),
    number("rms_norm_eps", &ModelConfig::epsilon, 1e-6),
    text("hidden_act", &ModelConfig::activation, "silu"),
    flag("attention_bias", &ModelConfig::attentionBias, false),
    flag("mlp_bias", &ModelConfig::feedForwardBias, false),
    flag("tie_word_embeddings", &ModelConfig::tied, false),
    ropeKey("rope_theta"),
    ropeKey("rope_scaling"),
    ropeKey("rope_parameters"),
    ropeKey("partial_rotary_factor"),
    ropeKey("original_max_position_embeddings"),
    fixed("rope_interleaved", "false"),
};

// Tensor parallelism in training splits sums; it does not change what they mean.
static constexpr StringLiteral harmless[] = {"attention_dropout", "pretraining_tp", "is_llama_config", "transformers.js_config"};

static constexpr StringLiteral buffers[] = {".rotary_emb.inv_freq"};

const DecoderFamily girih::import::llama{
    .modelTypes = modelTypes, .keys = keys, .harmlessKeys = harmless, .names = {}, .biases = {}, .ignoredEndings = buffers};
