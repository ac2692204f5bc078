// DistilBERT: BERT without token types, under other names, and with a fixed epsilon.
#include "lib/Import/Family.h"

using namespace girih::import;
using llvm::StringLiteral;

static constexpr StringLiteral modelTypes[] = {"distilbert"};

static constexpr ConfigKey keys[] = {
    count("vocab_size", &ModelConfig::vocabulary, 30522),
    count("dim", &ModelConfig::hidden, 768),
    count("n_layers", &ModelConfig::layers, 6),
    count("n_heads", &ModelConfig::heads, 12),
    count("hidden_dim", &ModelConfig::intermediate, 3072),
    count("max_position_embeddings", &ModelConfig::positions, 512),
    text("activation", &ModelConfig::activation, "gelu"),
};

// Sinusoidal positions only initialise the table; a checkpoint holds it either way.
static constexpr StringLiteral harmless[] = {"attention_dropout", "dropout", "qa_dropout", "seq_classif_dropout",
                                             "sinusoidal_pos_embds", "tie_weights_"};

static constexpr StringLiteral ignored[] = {"vocab_transform.", "vocab_layer_norm.", "vocab_projector.",
                                            "pre_classifier.",  "classifier.",       "qa_outputs.",
                                            "embeddings.position_ids"};

const Family girih::import::distilbert{.modelTypes = modelTypes,
                                       .prefix = "distilbert.",
                                       .keys = keys,
                                       .harmlessKeys = harmless,
                                       .names = {.layers = "transformer.layer",
                                                 .attention = "attention",
                                                 .query = "attention.q_lin",
                                                 .key = "attention.k_lin",
                                                 .value = "attention.v_lin",
                                                 .attentionOutput = "attention.out_lin",
                                                 .attentionNorm = "sa_layer_norm",
                                                 .up = "ffn.lin1",
                                                 .down = "ffn.lin2",
                                                 .outputNorm = "output_layer_norm"},
                                       .ignoredTensors = ignored};
