// Mistral: Llama whose rows may see only a window of keys.
#include "lib/Import/DecoderFamily.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral modelTypes[] = {"mistral"};

static constexpr ConfigKey keys[] = {
    count("vocab_size", &ModelConfig::vocabulary, 32000),
    count("hidden_size", &ModelConfig::hidden, 4096),
    count("intermediate_size", &ModelConfig::intermediate, 14336),
    count("num_hidden_layers", &ModelConfig::layers, 32),
    count("num_attention_heads", &ModelConfig::heads, 32),
    optionalCount("num_key_value_heads", &ModelConfig::keyHeads, 8),
    optionalCount("head_dim", &ModelConfig::headSize),
    count("max_position_embeddings", &ModelConfig::positions, 131072),
    optionalCount("sliding_window", &ModelConfig::window, 4096),
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

static constexpr StringLiteral harmless[] = {"attention_dropout"};

const DecoderFamily girih::import::mistral{.modelTypes = modelTypes, .keys = keys, .harmlessKeys = harmless, .names = {}, .biases = {}, .ignoredEndings = {}};
