// RoBERTa, XLM-RoBERTa and CamemBERT: BERT's structure, but positions are counted from the padding token's number + 1 and skip
// padding.
#include "lib/Import/Family.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral modelTypes[] = {"roberta", "xlm-roberta", "camembert"};

static constexpr ConfigKey keys[] = {
    count("vocab_size", &EncoderConfig::vocabulary, 50265),
    count("hidden_size", &EncoderConfig::hidden, 768),
    count("embedding_size", &EncoderConfig::embedding, 0),
    count("num_hidden_layers", &EncoderConfig::layers, 12),
    count("num_attention_heads", &EncoderConfig::heads, 12),
    count("intermediate_size", &EncoderConfig::intermediate, 3072),
    count("max_position_embeddings", &EncoderConfig::positions, 512),
    count("type_vocab_size", &EncoderConfig::tokenTypes, 2),
    token("pad_token_id", &EncoderConfig::padding, 1),
    number("layer_norm_eps", &EncoderConfig::epsilon, 1e-12),
    text("hidden_act", &EncoderConfig::activation, "gelu"),
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
