// Attaches an emitter function to an op: the external model that every family of ops registers with.
#pragma once

#include "lib/Tiling/Emit.h"
#include "mlir/IR/DialectRegistry.h"

namespace girih::tiling {

template <typename OpTy, mlir::FailureOr<mlir::Value> (*Emit)(OpTy, graph::TilePull &, TileRequest)>
struct Model : graph::TileableOpInterface::ExternalModel<Model<OpTy, Emit>, OpTy> {
  mlir::FailureOr<mlir::Value> emitTile(mlir::Operation *op, graph::TilePull &pull, unsigned result,
                                        llvm::ArrayRef<mlir::OpFoldResult> offsets,
                                        llvm::ArrayRef<int64_t> sizes) const {
    return Emit(llvm::cast<OpTy>(op), pull, TileRequest{result, offsets, sizes});
  }
};

/// Registers the emitter `Emit` for `OpTy`.
template <typename OpTy, mlir::FailureOr<mlir::Value> (*Emit)(OpTy, graph::TilePull &, TileRequest)>
void attach(mlir::MLIRContext *context) {
  OpTy::template attachInterface<Model<OpTy, Emit>>(*context);
}

// One function per family, each in its Emit<Family>.cpp.
void attachContraction(mlir::MLIRContext *context);
void attachAttention(mlir::MLIRContext *context);
void attachPagedAttention(mlir::MLIRContext *context);
void attachNormalization(mlir::MLIRContext *context);
void attachElementwise(mlir::MLIRContext *context);
void attachQuantization(mlir::MLIRContext *context);
void attachMovement(mlir::MLIRContext *context);
void attachReduction(mlir::MLIRContext *context);
void attachSequence(mlir::MLIRContext *context);
void attachPooling(mlir::MLIRContext *context);
void attachSampling(mlir::MLIRContext *context);
void attachDraw(mlir::MLIRContext *context);

} // namespace girih::tiling
