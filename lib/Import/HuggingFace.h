// What the importers of encoders and decoders from Hugging Face directories share.
#pragma once

#include "lib/Import/Decoder.h"
#include "lib/Import/Import.h"

namespace girih::import {

/// The bound of `seq`: the user's, or `fallback`; at most `longest`, which the model's `limit` allows.
llvm::Expected<int64_t> chooseSequence(const ImportOptions &options, int64_t fallback, int64_t longest, llvm::StringRef limit,
                                       llvm::StringRef where);

/// The weights of a directory, or nothing for random ones.
llvm::Expected<std::optional<Checkpoint>> openCheckpoint(llvm::StringRef directory, bool randomWeights);

mlir::Value castToF32(ModelBuilder &model, mlir::Value value);

/// A decoder that is about to be built, and its weights.
struct DecoderImport {
  const DecoderFamily &family;
  const ModelConfig &config;
  const Checkpoint *checkpoint; ///< null: random weights
  std::string dropped;          ///< see WeightSource
  llvm::ArrayRef<llvm::StringLiteral> ignored;
};

/// Builds the module with all entries. `describe` adds what the module says of itself.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
buildDecoderModule(mlir::MLIRContext &context, const DecoderImport &decoder, llvm::StringRef directory, const ImportOptions &options,
                   llvm::StringRef where, llvm::function_ref<llvm::Error(ModelBuilder &)> describe);

/// Sets the properties that every decoder has.
void describeDecoder(ModelBuilder &model, llvm::StringRef family, const ModelConfig &config);

/// Sets those that tell how it is spoken to: `bos`, `eos`, `chat_template`, `tokenizer`, from the files of `directory` where they are.
/// `config` is config.json, at `where`.
llvm::Error addLanguageProperties(ModelBuilder &model, const llvm::json::Object &config, llvm::StringRef directory, llvm::StringRef where);

/// Imports the decoder that `json`, the config at `where`, describes.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> importDecoder(mlir::MLIRContext &context, const DecoderFamily &family,
                                                                const llvm::json::Object &json, llvm::StringRef directory,
                                                                const ImportOptions &options, llvm::StringRef where);

} // namespace girih::import
