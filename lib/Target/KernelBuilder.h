// What lowerings of tile programs to functions share, whatever their machine: the program's scalars,
// arithmetic on index values, and how two elements are reduced to one.
#pragma once

#include "dialects/Tile/Tile.h"
#include "lib/Target/Extents.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace girih {

/// Refuses an operation of a program that no lowering knows; `machine`, "the CPU", stands in the error.
mlir::LogicalResult checkLowerable(mlir::Operation &op, llvm::StringRef machine);

class KernelBuilder {
protected:
  KernelBuilder(tile::ProgramOp program, mlir::func::FuncOp function);

  /// Index arithmetic, folded where constant. Constants are made once, at the function's beginning.
  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value minimum(mlir::Value a, mlir::Value b);
  mlir::Value toI64(mlir::Value index);
  mlir::Value zero(mlir::Type type);

  /// Elements or vectors of them.
  mlir::Value combine(tile::ReduceKind kind, mlir::Value a, mlir::Value b);
  /// What combines with x to x: -0.0 for add, so that no sign of zero is lost.
  mlir::Value neutral(tile::ReduceKind kind, mlir::Type type);

  mlir::Value mapped(mlir::Value value) { return mapping.lookup(value); }

  tile::ProgramOp program;
  mlir::func::FuncOp function;
  mlir::OpBuilder builder;
  mlir::Location loc;
  Extents extents;
  mlir::IRMapping mapping;                        // scalars of the program to scalars of the function
  llvm::DenseMap<int64_t, mlir::Value> constants; // of the function
};

} // namespace girih
