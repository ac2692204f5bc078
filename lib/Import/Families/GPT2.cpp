// GPT-2: learned positions, LayerNorm, biases everywhere, queries, keys and values in one layer, and weights kept as [in, out].
#include "lib/Import/DecoderFamily.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral modelTypes[] = {"gpt2"};

static constexpr ConfigKey keys[] = {
    count("vocab_size", &ModelConfig::vocabulary, 50257),
    count("n_embd", &ModelConfig::hidden, 768),
    optionalCount("n_inner", &ModelConfig::intermediate),
    count("n_layer", &ModelConfig::layers, 12),
    count("n_head", &ModelConfig::heads, 12),
    count("n_positions", &ModelConfig::positions, 1024),
    number("layer_norm_epsilon", &ModelConfig::epsilon, 1e-5),
    text("activation_function", &ModelConfig::activation, "gelu_new"),
    flag("scale_attn_weights", &ModelConfig::scaled, true),
    flag("tie_word_embeddings", &ModelConfig::tied, true),
    fixed("scale_attn_by_inverse_layer_idx", "false"),
};

// `n_ctx` was another name of `n_positions`. Upcasting is about half precision on old GPUs: scores are summed in f32 here anyway.
static constexpr StringLiteral harmless[] = {"attn_pdrop", "embd_pdrop", "resid_pdrop", "n_ctx", "reorder_and_upcast_attn",
                                             "summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type",
                                             "summary_use_proj"};

// Masks, which old checkpoints hold.
static constexpr StringLiteral buffers[] = {".attn.bias", ".attn.masked_bias"};

const DecoderFamily girih::import::gpt2{.modelTypes = modelTypes,
                                        .keys = keys,
                                        .harmlessKeys = harmless,
                                        .names = {.words = "transformer.wte",
                                                  .positions = "transformer.wpe",
                                                  .layers = "transformer.h",
                                                  .attentionNorm = "ln_1",
                                                  .attention = "attn",
                                                  .queryKeyValue = "attn.c_attn",
                                                  .attentionOutput = "attn.c_proj",
                                                  .feedForwardNorm = "ln_2",
                                                  .gate = "",
                                                  .up = "mlp.c_fc",
                                                  .down = "mlp.c_proj",
                                                  .finalNorm = "transformer.ln_f"},
                                        .biases = {.queryKeyValue = true, .attentionOutput = true, .feedForward = true},
                                        .prefix = "transformer.",
                                        .layerNorm = true,
                                        .transposed = true,
                                        .ignoredEndings = buffers};
