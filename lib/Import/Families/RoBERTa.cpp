// RoBERTa, XLM-RoBERTa and CamemBERT: BERT's structure, but positions are counted from the padding token's number + 1 and skip
// padding.
#include "lib/Import/Family.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral modelTypes[] = {"roberta", "xlm-roberta", "camembert"};

static constexpr ConfigKey keys[] = {
    count("vocab_size", &ModelConfig::vocabulary, 50265),
    count("hidden_size", &ModelConfig::hidden, 768),
    count("embedding_size", &ModelConfig::embedding, 0),
    count("num_hidden_layers", &ModelConfig::layers, 12),
    count("num_attention_heads", &ModelConfig::heads, 12),
    count("intermediate_size", &ModelConfig::intermediate, 3072),
    count("max_position_embeddings", &ModelConfig::positions, 512),
    count("type_vocab_size", &ModelConfig::tokenTypes, 2),
    token("pad_token_id", &ModelConfig::padding, 1),
    number("layer_norm_eps", &ModelConfig::epsilon, 1e-12),
    text("hidden_act", &ModelConfig::activation, "gelu"),
};

static constexpr StringLiteral ignored[] = {"pooler.", "lm_head.", "classifier.", "qa_outputs.", "embeddings.position_ids",
                                            "embeddings.token_type_ids"};

const Family girih::import::roberta{.modelTypes = modelTypes,
                                    .prefix = "roberta.",
                                    .positions = PositionScheme::SkipPadding,
                                    .keys = keys,
                                    .harmlessKeys = {},
                                    .names = {},
                                    .ignoredTensors = ignored};
