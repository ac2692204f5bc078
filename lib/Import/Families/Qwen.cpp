// Qwen 2 and 2.5: Llama with biases of queries, keys and values. Qwen 3: without them, but with norms of the heads of queries and keys.
#include "lib/Import/DecoderFamily.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral qwen2Types[] = {"qwen2"}, qwen3Types[] = {"qwen3"};

static constexpr ConfigKey qwen2Keys[] = {
    count("vocab_size", &ModelConfig::vocabulary, 151936),
    count("hidden_size", &ModelConfig::hidden, 4096),
    count("intermediate_size", &ModelConfig::intermediate, 22016),
    count("num_hidden_layers", &ModelConfig::layers, 32),
    count("num_attention_heads", &ModelConfig::heads, 32),
    optionalCount("num_key_value_heads", &ModelConfig::keyHeads, 32),
    optionalCount("head_dim", &ModelConfig::headSize),
    count("max_position_embeddings", &ModelConfig::positions, 32768),
    optionalCount("sliding_window", &ModelConfig::window, 4096),
    flag("use_sliding_window", &ModelConfig::usesWindow, false),
    token("max_window_layers", &ModelConfig::firstWindowLayer, 28),
    texts("layer_types", &ModelConfig::layerTypes),
    number("rms_norm_eps", &ModelConfig::epsilon, 1e-6),
    text("hidden_act", &ModelConfig::activation, "silu"),
    flag("tie_word_embeddings", &ModelConfig::tied, false),
    ropeKey("rope_theta"),
    ropeKey("rope_scaling"),
    ropeKey("rope_parameters"),
    ropeKey("partial_rotary_factor"),
    ropeKey("original_max_position_embeddings"),
};

static constexpr ConfigKey qwen3Keys[] = {
    count("vocab_size", &ModelConfig::vocabulary, 151936),
    count("hidden_size", &ModelConfig::hidden, 4096),
    count("intermediate_size", &ModelConfig::intermediate, 22016),
    count("num_hidden_layers", &ModelConfig::layers, 32),
    count("num_attention_heads", &ModelConfig::heads, 32),
    optionalCount("num_key_value_heads", &ModelConfig::keyHeads, 32),
    optionalCount("head_dim", &ModelConfig::headSize, 128),
    count("max_position_embeddings", &ModelConfig::positions, 32768),
    optionalCount("sliding_window", &ModelConfig::window, 4096),
    flag("use_sliding_window", &ModelConfig::usesWindow, false),
    token("max_window_layers", &ModelConfig::firstWindowLayer, 28),
    texts("layer_types", &ModelConfig::layerTypes),
    number("rms_norm_eps", &ModelConfig::epsilon, 1e-6),
    text("hidden_act", &ModelConfig::activation, "silu"),
    flag("attention_bias", &ModelConfig::attentionBias, false),
    flag("tie_word_embeddings", &ModelConfig::tied, false),
    ropeKey("rope_theta"),
    ropeKey("rope_scaling"),
    ropeKey("rope_parameters"),
    ropeKey("partial_rotary_factor"),
    ropeKey("original_max_position_embeddings"),
};

// Multimodal rotary embeddings belong to Qwen2-VL, whose sections do nothing to text alone.
static constexpr StringLiteral harmless[] = {"attention_dropout", "use_mrope"};

const DecoderFamily girih::import::qwen2{.modelTypes = qwen2Types, .keys = qwen2Keys, .harmlessKeys = harmless, .names = {},
                                         .biases = {.queryKeyValue = true}, .ignoredEndings = {}};

const DecoderFamily girih::import::qwen3{.modelTypes = qwen3Types, .keys = qwen3Keys, .harmlessKeys = harmless,
                                         .names = {.queryNorm = "self_attn.q_norm", .keyNorm = "self_attn.k_norm"},
                                         .biases = {}, .ignoredEndings = {}};
