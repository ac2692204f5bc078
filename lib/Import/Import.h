// The importers' front door: model directories become graph modules. Weights stay in their files; the module says where.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

#include <optional>

namespace girih::import {

/// The type activations and weights have inside the model. Results are f32 either way.
enum class ComputeType { F32, BF16 };

struct ImportOptions {
  ComputeType dtype = ComputeType::F32;
  /// Bound of the symbol `batch`; unless stated 64 for encoders and 8 for decoders.
  std::optional<int64_t> maxBatch;
  /// Bound of the symbol `seq`; unless stated what the model's positions allow, for decoders at most 4096.
  std::optional<int64_t> maxSequence;
  /// Import from config.json alone: parameters have no source, and the artifact is filled with random weights.
  bool randomWeights = false;
};

/// True for a directory that holds a config.json, or whose modules.json names one that does.
bool isHuggingFaceDirectory(llvm::StringRef path);

/// Imports a Hugging Face or sentence-transformers directory. The module has the symbols `batch` and `seq`, one parameter per
/// tensor and the entry `encode(ids, mask)`, or a decoder's, `logits(ids)`, and verifies.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> importHuggingFace(mlir::MLIRContext &context, llvm::StringRef directory,
                                                                    const ImportOptions &options);

/// True for a file that begins as GGUF files do.
bool isGGUF(llvm::StringRef path);

/// Imports a decoder from a GGUF file: the same module as from a Hugging Face directory, with quantized weights in the file's blocks, and
/// the tokenizer among `girih.properties`.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> importGGUF(mlir::MLIRContext &context, llvm::StringRef path,
                                                             const ImportOptions &options);

} // namespace girih::import
