// What the shape rules of the op families share; private to the dialect. Constraints on shapes are checked where result
// types are inferred, because builders infer them too; the
// verifier infers them once more and compares.
#pragma once

#include "dialects/Graph/Graph.h"

#include "llvm/ADT/SmallPtrSet.h"

namespace girih::graph {

using Shape = llvm::SmallVector<SizeExpr>;
using Types = llvm::SmallVectorImpl<mlir::Type>;
using MaybeLocation = std::optional<mlir::Location>;

inline mlir::RankedTensorType tensorType(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType());
}
inline Shape sizesOf(mlir::Value value) { return getSizes(tensorType(value)); }
inline mlir::Type elementOf(mlir::Value value) { return tensorType(value).getElementType(); }

/// Fails with "'girih.op' op expects ...".
template <typename Op, typename... Args>
llvm::LogicalResult expects(MaybeLocation location, Args &&...args) {
  return mlir::emitOptionalError(location, "'", Op::getOperationName(), "' op expects ", std::forward<Args>(args)...);
}

/// An operand that a message is about.
struct Culprit {
  llvm::StringRef name;
  mlir::Value value;
};

/// Points to where each operand comes from, once if several are one value.
inline mlir::InFlightDiagnostic &noteDefinitions(mlir::InFlightDiagnostic &error, llvm::ArrayRef<Culprit> culprits) {
  llvm::SmallPtrSet<void *, 4> noted;
  for (const Culprit &culprit : culprits)
    if (noted.insert(culprit.value.getAsOpaquePointer()).second)
      error.attachNote(culprit.value.getLoc()) << culprit.name << " is defined here";
  return error;
}
inline mlir::InFlightDiagnostic noteDefinitions(mlir::InFlightDiagnostic &&error, llvm::ArrayRef<Culprit> culprits) {
  return std::move(noteDefinitions(error, culprits));
}

/// Fails like the other, with a note at the definition of every operand that the message is about.
template <typename Op, typename... Args>
llvm::LogicalResult expects(MaybeLocation location, std::initializer_list<Culprit> culprits, Args &&...args) {
  if (!location)
    return llvm::failure();
  mlir::InFlightDiagnostic error = mlir::emitError(*location);
  error << "'" << Op::getOperationName() << "' op expects ";
  (void)(error << ... << std::forward<Args>(args));
  return noteDefinitions(error, culprits);
}

/// Checks the rank of an operand.
template <typename Op>
llvm::LogicalResult expectRank(MaybeLocation location, llvm::StringRef name, mlir::Value value, int64_t rank) {
  if (tensorType(value).getRank() == rank)
    return llvm::success();
  return expects<Op>(location, {{name, value}}, name, " of rank ", rank, ", but got ", value.getType());
}

/// Checks an operand's shape against the one that the others imply; `form` spells it in the op's own letters.
template <typename Op>
llvm::LogicalResult expectShape(MaybeLocation location, llvm::StringRef name, llvm::StringRef form, mlir::Value value,
                                llvm::ArrayRef<SizeExpr> shape) {
  if (llvm::ArrayRef<SizeExpr>(sizesOf(value)) == shape)
    return llvm::success();
  return expects<Op>(location, {{name, value}}, name, " of shape ", form, " = ", describe(shape), ", but got ", value.getType());
}

/// Checks that an axis is one of the operand's.
template <typename Op> llvm::LogicalResult expectAxis(MaybeLocation location, Culprit operand, int64_t axis) {
  int64_t rank = tensorType(operand.value).getRank();
  if (axis >= 0 && axis < rank)
    return llvm::success();
  return expects<Op>(location, {operand}, "an axis from 0 to ", rank - 1, ", but got ", axis);
}

} // namespace girih::graph
