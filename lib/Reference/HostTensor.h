// A tensor in the host's memory, as the interpreters hold it. Elements are f64 whatever their type: every
// element type of the graph is exact in it. What the type means is in `round`: a tensor that keeps its type's
// precision is rounded after every op.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Support/LLVM.h"

#include <memory>
#include <vector>

namespace girih::reference {

/// `value` as the nearest number of element type `type` (ties to even). Integers are taken modulo 2^width.
double roundTo(mlir::Type type, double value);
/// The nearest integer of 8 bits (halves to even); NaN gives 0.
double toByte(double value);

class HostTensor {
public:
  HostTensor() = default;
  HostTensor(llvm::ArrayRef<int64_t> shape, mlir::Type elementType)
      : shape(shape), elementType(elementType), elements(countElements(shape)) {}

  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t dim(int64_t i) const { return shape[i < 0 ? shape.size() + i : i]; }
  int64_t size() const { return elements.size(); }
  mlir::Type getElementType() const { return elementType; }

  double *data() { return elements.data(); }
  const double *data() const { return elements.data(); }
  double &operator[](int64_t i) { return elements[i]; }
  double operator[](int64_t i) const { return elements[i]; }

  /// Whether f64 is kept between ops, to judge the error of everything else.
  bool isExact() const { return exact; }
  void setExact(bool value) { exact = value; }
  /// Rounds every element to the element type. Integers are never kept wider.
  void round();

  /// Elements in memory order as `elementType` stores them; i1 takes a byte.
  std::vector<char> toBytes() const;
  /// Reads elements of `stored`, a type of whole bytes or i1.
  void fromBytes(llvm::ArrayRef<char> bytes, mlir::Type stored);

  static int64_t countElements(llvm::ArrayRef<int64_t> shape);

private:
  llvm::SmallVector<int64_t, 4> shape;
  mlir::Type elementType;
  std::vector<double> elements;
  bool exact = false;
};

/// A value of an interpreted program; shared, because kernels and launches pass values on.
using TensorRef = std::shared_ptr<const HostTensor>;

/// Bytes of one stored element.
int64_t storedBytes(mlir::Type elementType);

} // namespace girih::reference
