// Gemma 2: norms on both sides of attention and feed-forward layers, by weights around 1; scaled embeddings; soft bounds of scores and
// logits; a sliding window in every other layer.
#include "lib/Import/DecoderFamily.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral modelTypes[] = {"gemma2"};

static constexpr ConfigKey keys[] = {
    count("vocab_size", &ModelConfig::vocabulary, 256000),
    count("hidden_size", &ModelConfig::hidden, 2304),
    count("intermediate_size", &ModelConfig::intermediate, 9216),
    count("num_hidden_layers", &ModelConfig::layers, 26),
    count("num_attention_heads", &ModelConfig::heads, 8),
    count("num_key_value_heads", &ModelConfig::keyHeads, 4),
    count("head_dim", &ModelConfig::headSize, 256),
    count("max_position_embeddings", &ModelConfig::positions, 8192),
    count("query_pre_attn_scalar", &ModelConfig::scoreSize, 256),
    optionalCount("sliding_window", &ModelConfig::window, 4096),
    texts("layer_types", &ModelConfig::layerTypes),
    optionalNumber("attn_logit_softcapping", &ModelConfig::scoreCap, 50),
    optionalNumber("final_logit_softcapping", &ModelConfig::logitCap, 30),
    number("rms_norm_eps", &ModelConfig::epsilon, 1e-6),
    text("hidden_activation", &ModelConfig::activation, "gelu_pytorch_tanh"),
    flag("attention_bias", &ModelConfig::attentionBias, false),
    flag("tie_word_embeddings", &ModelConfig::tied, true),
    ropeKey("rope_theta"),
    ropeKey("rope_scaling"),
    ropeKey("rope_parameters"),
    fixed("use_bidirectional_attention", "false"),
};

// transformers computes `hidden_activation` whatever `hidden_act` says, and uses `sliding_window` beside `sliding_window_size`.
static constexpr StringLiteral harmless[] = {"attention_dropout", "cache_implementation", "hidden_act", "sliding_window_size"};

const DecoderFamily girih::import::gemma2{.modelTypes = modelTypes, .keys = keys, .harmlessKeys = harmless,
                                          .names = {.attentionPostNorm = "post_attention_layernorm",
                                                    .feedForwardNorm = "pre_feedforward_layernorm",
                                                    .feedForwardPostNorm = "post_feedforward_layernorm"},
                                          .biases = {}, .unitOffset = true, .scalesEmbeddings = true, .windowPeriod = 2,
                                          .ignoredEndings = {}};
