// Sizes that are known when the model runs. A size expression is a polynomial: a sum of products of symbols
// and positive integers, multiplied out and in canonical order, so that two sizes are equal exactly when
// their expressions are. Differences and quotients are left out on purpose: without them equality, division
// and element counts stay exact.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace girih::graph {

/// `coefficient * symbol * symbol * ... + ...`.
class SizeExpr {
public:
  /// A product of a positive integer and symbols in alphabetical order, repeated where they are powers.
  struct Term {
    int64_t coefficient;
    llvm::SmallVector<std::string, 2> symbols;

    bool operator==(const Term &other) const {
      return coefficient == other.coefficient && symbols == other.symbols;
    }
  };

  /// A constant; implicit, so that static sizes read as integers.
  SizeExpr(int64_t constant = 1) : terms{{constant, {}}} {}
  SizeExpr(Term term) : terms{std::move(term)} {}
  /// A single symbol.
  static SizeExpr symbol(llvm::StringRef name);
  /// Reads `2*batch*seq + 1`, terms and factors in any order. Fails on anything but sums of products of names
  /// and positive integers.
  static mlir::FailureOr<SizeExpr> parse(llvm::StringRef text);

  /// The canonical text: products of most factors first; in each the integer (unless 1), then the symbols in
  /// alphabetical order.
  std::string str() const;

  bool isConstant() const { return terms.size() == 1 && terms[0].symbols.empty(); }
  /// The value, if no symbol is involved.
  std::optional<int64_t> getConstant() const;
  /// At least one; like terms are merged.
  llvm::ArrayRef<Term> getTerms() const { return terms; }
  /// Every symbol that occurs, in alphabetical order.
  llvm::SmallVector<std::string> getSymbols() const;

  // Both saturate: no tensor of such a size passes verification, and saturated values stay unequal to real
  // ones.
  SizeExpr operator*(const SizeExpr &other) const;
  SizeExpr operator+(const SizeExpr &other) const;
  bool operator==(const SizeExpr &other) const { return terms == other.terms; }
  bool operator!=(const SizeExpr &other) const { return !(*this == other); }

  /// The quotient, if `divisor` divides this expression whatever the symbols are.
  std::optional<SizeExpr> dividedBy(const SizeExpr &divisor) const;
  /// The value under `valueOf`; nothing if a symbol is unknown or the product overflows.
  std::optional<int64_t> evaluate(llvm::function_ref<std::optional<int64_t>(llvm::StringRef)> valueOf) const;

private:
  void add(const Term &term);
  bool subtract(const Term &term);

  llvm::SmallVector<Term, 1> terms; // by `precedes`
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
