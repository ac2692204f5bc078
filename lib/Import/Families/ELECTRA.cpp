// ELECTRA's discriminator and generator: BERT with tables that may be narrower than the layers.
#include "lib/Import/Family.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral modelTypes[] = {"electra"};

static constexpr ConfigKey keys[] = {
    count("vocab_size", &EncoderConfig::vocabulary, 30522),
    count("embedding_size", &EncoderConfig::embedding, 128),
    count("hidden_size", &EncoderConfig::hidden, 256),
    count("num_hidden_layers", &EncoderConfig::layers, 12),
    count("num_attention_heads", &EncoderConfig::heads, 4),
    count("intermediate_size", &EncoderConfig::intermediate, 1024),
    count("max_position_embeddings", &EncoderConfig::positions, 512),
    count("type_vocab_size", &EncoderConfig::tokenTypes, 2),
    number("layer_norm_eps", &EncoderConfig::epsilon, 1e-12),
    text("hidden_act", &EncoderConfig::activation, "gelu"),
};

static constexpr StringLiteral harmless[] = {"summary_activation", "summary_last_dropout", "summary_type", "summary_use_proj"};

static constexpr StringLiteral ignored[] = {"discriminator_predictions.", "generator_predictions.", "generator_lm_head.",
                                            "classifier.", "qa_outputs.", "sequence_summary.",
                                            "embeddings.position_ids", "embeddings.token_type_ids"};

const Family girih::import::electra{.modelTypes = modelTypes,
                                    .prefix = "electra.",
                                    .projectsEmbeddings = true,
                                    .keys = keys,
                                    .harmlessKeys = harmless,
                                    .names = {},
                                    .ignoredTensors = ignored};
