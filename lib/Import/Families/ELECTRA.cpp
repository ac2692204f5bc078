// ELECTRA's discriminator and generator: BERT with tables that may be narrower than the layers.
#include "lib/Import/Family.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral modelTypes[] = {"electra"};

static constexpr ConfigKey keys[] = {
    count("vocab_size", &ModelConfig::vocabulary, 30522),
    count("embedding_size", &ModelConfig::embedding, 128),
    count("hidden_size", &ModelConfig::hidden, 256),
    count("num_hidden_layers", &ModelConfig::layers, 12),
    count("num_attention_heads", &ModelConfig::heads, 4),
    count("intermediate_size", &ModelConfig::intermediate, 1024),
    count("max_position_embeddings", &ModelConfig::positions, 512),
    count("type_vocab_size", &ModelConfig::tokenTypes, 2),
    number("layer_norm_eps", &ModelConfig::epsilon, 1e-12),
    text("hidden_act", &ModelConfig::activation, "gelu"),
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
