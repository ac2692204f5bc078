// Size expressions: parsing, printing, arithmetic, and the way they sit on tensor types.
#include "dialects/Graph/SizeExpr.h"

#include "dialects/Graph/Graph.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace girih::graph {

SizeExpr SizeExpr::symbol(StringRef name) {
  SizeExpr result;
  result.symbols.push_back(name.str());
  return result;
}

static bool isSymbolName(StringRef text) {
  auto isLetter = [](char c) { return llvm::isAlpha(c) || c == '_'; };
  return !text.empty() && isLetter(text.front()) &&
         llvm::all_of(text, [&](char c) { return isLetter(c) || llvm::isDigit(c); });
}

FailureOr<SizeExpr> SizeExpr::parse(StringRef text) {
  SizeExpr result;
  SmallVector<StringRef> factors;
  text.split(factors, '*');
  for (StringRef factor : factors) {
    factor = factor.trim();
    int64_t value = 0;
    if (isSymbolName(factor))
      result.symbols.push_back(factor.str());
    else if (factor.getAsInteger(10, value) || value <= 0 || llvm::MulOverflow(result.coefficient, value, result.coefficient))
      return failure();
  }
  llvm::sort(result.symbols);
  return result;
}

std::string SizeExpr::str() const {
  if (symbols.empty())
    return std::to_string(coefficient);
  std::string product = llvm::join(symbols, "*");
  return coefficient == 1 ? product : std::to_string(coefficient) + "*" + product;
}

raw_ostream &operator<<(raw_ostream &os, const SizeExpr &size) { return os << size.str(); }

std::optional<int64_t> SizeExpr::getConstant() const {
  return isConstant() ? std::optional(coefficient) : std::nullopt;
}

SizeExpr SizeExpr::operator*(const SizeExpr &other) const {
  SizeExpr result = *this;
  // Saturates: no tensor of such a size passes verification, and saturated values stay unequal to real ones.
  if (llvm::MulOverflow(coefficient, other.coefficient, result.coefficient))
    result.coefficient = std::numeric_limits<int64_t>::max();
  result.symbols.append(other.symbols.begin(), other.symbols.end());
  llvm::sort(result.symbols);
  return result;
}

std::optional<SizeExpr> SizeExpr::plus(const SizeExpr &other) const {
  SizeExpr result = *this;
  if (symbols != other.symbols || llvm::AddOverflow(coefficient, other.coefficient, result.coefficient))
    return std::nullopt;
  return result;
}

std::optional<SizeExpr> SizeExpr::dividedBy(const SizeExpr &divisor) const {
  if (divisor.coefficient == 0 || coefficient % divisor.coefficient != 0)
    return std::nullopt;
  SizeExpr result(coefficient / divisor.coefficient);
  ArrayRef<std::string> rest = divisor.symbols;
  for (const std::string &name : symbols) {
    if (!rest.empty() && rest.front() == name)
      rest = rest.drop_front();
    else
      result.symbols.push_back(name);
  }
  return rest.empty() ? std::optional(result) : std::nullopt;
}

std::optional<int64_t> SizeExpr::evaluate(function_ref<std::optional<int64_t>(StringRef)> valueOf) const {
  int64_t result = coefficient;
  for (const std::string &name : symbols) {
    std::optional<int64_t> value = valueOf(name);
    if (!value || llvm::MulOverflow(result, *value, result))
      return std::nullopt;
  }
  return result;
}

SmallVector<SizeExpr> getSizes(RankedTensorType type) {
  SmallVector<SizeExpr> names;
  if (auto dims = dyn_cast_or_null<DimsAttr>(type.getEncoding()))
    names = dims.getSizeExprs();
  SmallVector<SizeExpr> sizes;
  auto name = names.begin();
  for (int64_t size : type.getShape()) {
    assert((!ShapedType::isDynamic(size) || name != names.end()) && "a `?` without #girih.dims");
    sizes.push_back(ShapedType::isDynamic(size) ? *name++ : SizeExpr(size));
  }
  return sizes;
}

SizeExpr getSize(RankedTensorType type, int64_t dimension) { return getSizes(type)[dimension]; }

SizeExpr getNumElements(RankedTensorType type) {
  SizeExpr product;
  for (const SizeExpr &size : getSizes(type))
    product = product * size;
  return product;
}

RankedTensorType getTensorType(ArrayRef<SizeExpr> sizes, Type elementType) {
  SmallVector<int64_t> shape;
  SmallVector<SizeExpr> names;
  for (const SizeExpr &size : sizes) {
    shape.push_back(size.getConstant().value_or(ShapedType::kDynamic));
    if (!size.isConstant())
      names.push_back(size);
  }
  Attribute encoding;
  if (!names.empty())
    encoding = DimsAttr::get(elementType.getContext(), names);
  return RankedTensorType::get(shape, elementType, encoding);
}

std::string describe(ArrayRef<SizeExpr> sizes) {
  return "[" + llvm::join(llvm::map_range(sizes, [](const SizeExpr &size) { return size.str(); }), ", ") + "]";
}

} // namespace girih::graph
