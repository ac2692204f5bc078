// Sizes that are known when the model runs. A size expression is a product of symbols and one integer, kept in
// canonical order, so that two sizes are equal exactly when their expressions are. Sums are left out on purpose: without them
// equality, division and element counts stay exact.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace girih::graph {

/// `coefficient * symbol * symbol * ...`; a repeated symbol is a power.
class SizeExpr {
public:
  /// A constant; implicit, so that static sizes read as integers.
  SizeExpr(int64_t constant = 1) : coefficient(constant) {}
  /// A single symbol.
  static SizeExpr symbol(llvm::StringRef name);
  /// Reads `2*batch*seq`, factors in any order. Fails on anything but products of names and positive integers.
  static mlir::FailureOr<SizeExpr> parse(llvm::StringRef text);

  /// The canonical text: the integer (unless 1), then the symbols in alphabetical order.
  std::string str() const;

  bool isConstant() const { return symbols.empty(); }
  /// The value, if no symbol is involved.
  std::optional<int64_t> getConstant() const;
  int64_t getCoefficient() const { return coefficient; }
  /// The symbols in alphabetical order, repeated where they are powers.
  llvm::ArrayRef<std::string> getSymbols() const { return symbols; }

  SizeExpr operator*(const SizeExpr &other) const;
  bool operator==(const SizeExpr &other) const {
    return coefficient == other.coefficient && symbols == other.symbols;
  }
  bool operator!=(const SizeExpr &other) const { return !(*this == other); }

  /// The sum, if both are multiples of the same product of symbols.
  std::optional<SizeExpr> plus(const SizeExpr &other) const;
  /// The quotient, if `divisor` divides this expression whatever the symbols are.
  std::optional<SizeExpr> dividedBy(const SizeExpr &divisor) const;
  /// The value under `valueOf`; nothing if a symbol is unknown or the product overflows.
  std::optional<int64_t> evaluate(llvm::function_ref<std::optional<int64_t>(llvm::StringRef)> valueOf) const;

private:
  int64_t coefficient;
  llvm::SmallVector<std::string, 2> symbols;
};

llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const SizeExpr &size);

/// A tensor's sizes, static and symbolic alike. Every `?` must be named by `#girih.dims`.
llvm::SmallVector<SizeExpr> getSizes(mlir::RankedTensorType type);
/// The size of one dimension.
SizeExpr getSize(mlir::RankedTensorType type, int64_t dimension);
/// The product of all sizes.
SizeExpr getNumElements(mlir::RankedTensorType type);
/// The tensor type with these sizes: `?` and `#girih.dims` where they are symbolic.
mlir::RankedTensorType getTensorType(llvm::ArrayRef<SizeExpr> sizes, mlir::Type elementType);
/// `[batch, 2*seq, 384]`, for messages.
std::string describe(llvm::ArrayRef<SizeExpr> sizes);

} // namespace girih::graph
