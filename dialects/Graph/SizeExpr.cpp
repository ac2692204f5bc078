// Size expressions: parsing, printing, arithmetic, and the way they sit on tensor types.
#include "dialects/Graph/SizeExpr.h"

#include "dialects/Graph/Graph.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace girih::graph {

/// The order of terms: most factors first, then alphabetical. It is kept by multiplication, which division by
/// the first term needs.
static bool precedes(const SizeExpr::Term &a, const SizeExpr::Term &b) {
  return std::pair(-static_cast<int64_t>(a.symbols.size()), ArrayRef(a.symbols)) <
         std::pair(-static_cast<int64_t>(b.symbols.size()), ArrayRef(b.symbols));
}

static int64_t saturated(bool overflowed, int64_t value) {
  return overflowed ? std::numeric_limits<int64_t>::max() : value;
}

static SizeExpr::Term product(const SizeExpr::Term &a, const SizeExpr::Term &b) {
  SizeExpr::Term result = a;
  bool overflowed = llvm::MulOverflow(a.coefficient, b.coefficient, result.coefficient);
  result.coefficient = saturated(overflowed, result.coefficient);
  result.symbols.append(b.symbols.begin(), b.symbols.end());
  llvm::sort(result.symbols);
  return result;
}

static std::optional<SizeExpr::Term> quotient(const SizeExpr::Term &a, const SizeExpr::Term &b) {
  if (b.coefficient == 0 || a.coefficient % b.coefficient != 0)
    return std::nullopt;
  SizeExpr::Term result{a.coefficient / b.coefficient, {}};
  ArrayRef<std::string> rest = b.symbols;
  for (const std::string &name : a.symbols) {
    if (!rest.empty() && rest.front() == name)
      rest = rest.drop_front();
    else
      result.symbols.push_back(name);
  }
  return rest.empty() ? std::optional(result) : std::nullopt;
}

void SizeExpr::add(const Term &term) {
  auto place = llvm::lower_bound(terms, term, precedes);
  if (place != terms.end() && place->symbols == term.symbols) {
    bool overflowed = llvm::AddOverflow(place->coefficient, term.coefficient, place->coefficient);
    place->coefficient = saturated(overflowed, place->coefficient);
  } else if (term.coefficient != 0) {
    terms.insert(place, term);
  }
  if (terms.size() > 1)
    llvm::erase_if(terms, [](const Term &other) { return other.coefficient == 0; });
}

/// False where the difference would not be a size.
bool SizeExpr::subtract(const Term &term) {
  auto place = llvm::lower_bound(terms, term, precedes);
  if (place == terms.end() || place->symbols != term.symbols || place->coefficient < term.coefficient)
    return false;
  place->coefficient -= term.coefficient;
  if (place->coefficient == 0)
    terms.erase(place);
  return true;
}

SizeExpr SizeExpr::symbol(StringRef name) {
  SizeExpr result;
  result.terms.front().symbols.push_back(name.str());
  return result;
}

static bool isSymbolName(StringRef text) {
  auto isLetter = [](char c) { return llvm::isAlpha(c) || c == '_'; };
  return !text.empty() && isLetter(text.front()) &&
         llvm::all_of(text, [&](char c) { return isLetter(c) || llvm::isDigit(c); });
}

static FailureOr<SizeExpr::Term> parseTerm(StringRef text) {
  SizeExpr::Term result{1, {}};
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

FailureOr<SizeExpr> SizeExpr::parse(StringRef text) {
  SizeExpr result(0);
  SmallVector<StringRef> summands;
  text.split(summands, '+');
  for (StringRef summand : summands) {
    FailureOr<Term> term = parseTerm(summand);
    if (failed(term))
      return failure();
    result.add(*term);
  }
  return result;
}

static std::string textOf(const SizeExpr::Term &term) {
  if (term.symbols.empty())
    return std::to_string(term.coefficient);
  std::string symbols = llvm::join(term.symbols, "*");
  return term.coefficient == 1 ? symbols : std::to_string(term.coefficient) + "*" + symbols;
}

std::string SizeExpr::str() const { return llvm::join(llvm::map_range(terms, textOf), " + "); }

raw_ostream &operator<<(raw_ostream &os, const SizeExpr &size) { return os << size.str(); }

std::optional<int64_t> SizeExpr::getConstant() const {
  return isConstant() ? std::optional(terms.front().coefficient) : std::nullopt;
}

SmallVector<std::string> SizeExpr::getSymbols() const {
  SmallVector<std::string> names;
  for (const Term &term : terms)
    llvm::append_range(names, term.symbols);
  llvm::sort(names);
  names.erase(llvm::unique(names), names.end());
  return names;
}

SizeExpr SizeExpr::operator*(const SizeExpr &other) const {
  SizeExpr result(0);
  for (const Term &a : terms)
    for (const Term &b : other.terms)
      result.add(product(a, b));
  return result;
}

SizeExpr SizeExpr::operator+(const SizeExpr &other) const {
  SizeExpr result = *this;
  for (const Term &term : other.terms)
    result.add(term);
  return result;
}

/// Long division: the first term of what is left, by the divisor's.
std::optional<SizeExpr> SizeExpr::dividedBy(const SizeExpr &divisor) const {
  SizeExpr result(0), rest = *this;
  while (!rest.terms.empty() && rest != SizeExpr(0)) {
    std::optional<Term> part = quotient(rest.terms.front(), divisor.terms.front());
    if (!part)
      return std::nullopt;
    result.add(*part);
    for (const Term &term : divisor.terms)
      if (!rest.subtract(product(term, *part)))
        return std::nullopt;
  }
  return result;
}

std::optional<int64_t> SizeExpr::evaluate(function_ref<std::optional<int64_t>(StringRef)> valueOf) const {
  int64_t sum = 0;
  for (const Term &term : terms) {
    int64_t value = term.coefficient;
    for (const std::string &name : term.symbols) {
      std::optional<int64_t> factor = valueOf(name);
      if (!factor || llvm::MulOverflow(value, *factor, value))
        return std::nullopt;
    }
    if (llvm::AddOverflow(sum, value, sum))
      return std::nullopt;
  }
  return sum;
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
