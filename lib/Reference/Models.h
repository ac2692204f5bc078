// The graph ops' definitions in plain C++, attached to the ops as models of ReferenceOpInterface. One file
// per op family.
#pragma once

namespace mlir {
class DialectRegistry;
class MLIRContext;
} // namespace mlir

namespace girih::reference {

/// Attaches the reference implementation of every graph op.
void registerReferenceModels(mlir::DialectRegistry &registry);

// One per family.
void attachContractionModels(mlir::MLIRContext *context);
void attachAttentionModel(mlir::MLIRContext *context);
void attachNormalizationModels(mlir::MLIRContext *context);
void attachElementwiseModels(mlir::MLIRContext *context);
void attachQuantizationModels(mlir::MLIRContext *context);
void attachMovementModels(mlir::MLIRContext *context);
void attachSamplingModel(mlir::MLIRContext *context);
void attachSequenceModels(mlir::MLIRContext *context);
void attachDecodingModels(mlir::MLIRContext *context);

} // namespace girih::reference
