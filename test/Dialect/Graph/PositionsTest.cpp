// Every op says how it is indexed: maps fit their operands, the first result is indexed by the first iterators, and upstream's
// TilingInterface answers from that.
#include "dialects/Graph/Graph.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace girih::graph;

namespace {

/// One function of one op, with its operands as arguments.
struct Snippet {
  explicit Snippet(StringRef types, StringRef op) {
    context.loadDialect<GirihDialect, func::FuncDialect>();
    std::string text = "girih.symbol @b {min = 1 : i64, max = 8 : i64}\ngirih.symbol @s {min = 4 : i64, max = 8 : i64}\n"
                       "func.func @f(" + types.str() + ") {\n  " + op.str() + "\n  return\n}\n";
    module = parseSourceString<ModuleOp>(text, &context);
    if (module)
      module->walk([&](IndexedOpInterface found) { this->op = found; });
  }

  std::string maps() {
    std::string text;
    llvm::raw_string_ostream os(text);
    for (AffineMap map : op.getIndexingMaps()) {
      llvm::interleave(map.getResults(), os, ", ");
      os << "; ";
    }
    return text;
  }
  std::string iterators() {
    std::string text;
    for (utils::IteratorType kind : op.getIteratorTypes())
      text += kind == utils::IteratorType::parallel ? 'p' : 'r';
    return text;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  IndexedOpInterface op;
};

struct Case {
  const char *types, *op, *iterators, *maps;
};

class Indexing : public testing::TestWithParam<Case> {};

TEST_P(Indexing, IsAsDescribed) {
  Snippet snippet(GetParam().types, GetParam().op);
  ASSERT_TRUE(snippet.op);
  EXPECT_EQ(snippet.iterators(), GetParam().iterators);
  EXPECT_EQ(snippet.maps(), GetParam().maps);
}

TEST_P(Indexing, FitsItsTensors) {
  Snippet snippet(GetParam().types, GetParam().op);
  ASSERT_TRUE(snippet.op);
  SmallVector<AffineMap> maps = snippet.op.getIndexingMaps();
  SmallVector<Value> values(snippet.op->getOperands());
  llvm::append_range(values, snippet.op->getResults());
  ASSERT_EQ(maps.size(), values.size());
  for (auto [map, value] : llvm::zip(maps, values)) {
    EXPECT_EQ(map.getNumDims(), snippet.op.getIteratorTypes().size());
    EXPECT_EQ(map.getNumResults(), cast<RankedTensorType>(value.getType()).getRank());
  }
  for (auto [i, expr] : llvm::enumerate(maps[snippet.op->getNumOperands()].getResults()))
    EXPECT_EQ(expr, getAffineDimExpr(i, &snippet.context));
}

#define B_S "tensor<?x?xi32, #girih.dims<\"b\", \"s\">>"
#define B_S_8 "tensor<?x?x8xf32, #girih.dims<\"b\", \"s\">>"
#define B_8 "tensor<?x8xf32, #girih.dims<\"b\">>"

const Case cases[] = {
    {"%x: " B_S_8, "%0 = girih.gelu %x : (" B_S_8 ") -> " B_S_8, "ppp", "d0, d1, d2; d0, d1, d2; "},
    {"%x: " B_S_8 ", %y: tensor<1x8xf32>", "%0 = girih.add %x, %y : (" B_S_8 ", tensor<1x8xf32>) -> " B_S_8, "ppp",
     "d0, d1, d2; 0, d2; d0, d1, d2; "},
    {"%x: " B_S_8 ", %w: tensor<4x8xf32>, %c: tensor<4xf32>",
     "%0 = girih.linear %x, %w, %c : (" B_S_8 ", tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x?x4xf32, #girih.dims<\"b\", \"s\">>",
     "pppr", "d0, d1, d3; d2, d3; d2; d0, d1, d2; "},
    {"%q: tensor<2x5x8x16xf32>, %k: tensor<2x6x4x16xf32>, %v: tensor<2x6x4x3xf32>, %m: tensor<2x6xi32>, %a: tensor<1x8x5x6xf32>",
     "%0:2 = girih.attention %q, %k, %v mask %m bias %a {scale = 1.0 : f32, return_lse} : (tensor<2x5x8x16xf32>, "
     "tensor<2x6x4x16xf32>, tensor<2x6x4x3xf32>, tensor<2x6xi32>, tensor<1x8x5x6xf32>) -> (tensor<2x5x8x3xf32>, tensor<2x8x5xf32>)",
     "pppprr",
     "d0, d1, d2, d5; d0, d4, d2 floordiv 2, d5; d0, d4, d2 floordiv 2, d3; d0, d4; 0, d2, d1, d4; d0, d1, d2, d3; d0, d2, d1; "},
    {"%x: " B_8 ", %w: tensor<8xf32>", "%0 = girih.rms_norm %x, %w {epsilon = 0.0 : f32} : (" B_8 ", tensor<8xf32>) -> " B_8,
     "ppr", "d0, d2; d1; d0, d1; "},
    {"%x: " B_S_8, "%0 = girih.softmax %x {axis = 1 : i64} : (" B_S_8 ") -> " B_S_8, "pppr", "d0, d3, d2; d0, d1, d2; "},
    {"%x: " B_S_8, "%0 = girih.reduce sum %x axes [1] : (" B_S_8 ") -> " B_8, "ppr", "d0, d2, d1; d0, d1; "},
    {"%x: " B_S_8, "%0 = girih.reduce sum %x axes [1] keep_dims : (" B_S_8 ") -> tensor<?x1x8xf32, #girih.dims<\"b\">>",
     "pppr", "d0, d3, d2; d0, d1, d2; "},
    {"%x: " B_S_8 ", %i: tensor<3x2xi32>",
     "%0 = girih.gather %x, %i {axis = 2 : i64} : (" B_S_8 ", tensor<3x2xi32>) -> tensor<?x?x3x2xf32, #girih.dims<\"b\", \"s\">>",
     "ppppr", "d0, d1, d4; d2, d3; d0, d1, d2, d3; "},
    {"%x: tensor<2x3xf32>, %y: tensor<2x4xf32>",
     "%0 = girih.concat %x, %y {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>", "pp",
     "d0, d1; d0, d1 - 3; d0, d1; "},
    {"%x: " B_S_8, "%0 = girih.concat %x, %x {axis = 1 : i64} : (" B_S_8 ", " B_S_8 ") -> tensor<?x?x8xf32, #girih.dims<\"b\", \"2*s\">>",
     "ppp", "d0, d1, d2; d0, d1 - s1, d2; d0, d1, d2; "},
    {"%x: " B_S_8, "%0 = girih.slice %x offsets [0, 1, 2] sizes [-1, 1, 3] : (" B_S_8 ") -> tensor<?x1x3xf32, #girih.dims<\"b\">>",
     "ppp", "d0, d1 + 1, d2 + 2; d0, d1, d2; "},
    {"%x: " B_S_8, "%0 = girih.reshape %x : (" B_S_8 ") -> tensor<?x?x2x4xf32, #girih.dims<\"b\", \"s\">>", "pppp",
     "d0, d1, d2 * 4 + d3; d0, d1, d2, d3; "},
    {"%x: " B_S_8, "%0 = girih.reshape %x : (" B_S_8 ") -> tensor<?x8xf32, #girih.dims<\"b*s\">>", "pp",
     "d0 floordiv s1, d0 mod s1, d1; d0, d1; "},
    {"%x: " B_S_8, "%0 = girih.transpose %x [2, 0, 1] : (" B_S_8 ") -> tensor<8x?x?xf32, #girih.dims<\"b\", \"s\">>", "ppp",
     "d1, d2, d0; d0, d1, d2; "},
    {"%t: tensor<9x8xf32>, %i: " B_S, "%0 = girih.embedding %t, %i : (tensor<9x8xf32>, " B_S ") -> " B_S_8, "pppr",
     "d3, d2; d0, d1; d0, d1, d2; "},
    {"%i: " B_S, "%0 = girih.positions absolute %i : (" B_S ") -> " B_S, "pp", "d0, d1; d0, d1; "},
    {"%i: " B_S, "%0 = girih.positions skip_padding %i {padding_index = 1 : i64} : (" B_S ") -> " B_S, "ppr",
     "d0, d2; d0, d1; "},
    {"%x: tensor<1x2x3x8xf32>, %p: tensor<1x2xi32>, %t: tensor<9x4xf32>",
     "%0 = girih.rope %x, %p, %t, %t : (tensor<1x2x3x8xf32>, tensor<1x2xi32>, tensor<9x4xf32>, tensor<9x4xf32>) -> tensor<1x2x3x8xf32>",
     "pppprrr", "d0, d1, d2, d4; d0, d1; d5, d6; d5, d6; d0, d1, d2, d3; "},
    {"%x: " B_S_8 ", %m: " B_S, "%0 = girih.pool mean %x, %m : (" B_S_8 ", " B_S ") -> " B_8, "ppr",
     "d0, d2, d1; d0, d2; d0, d1; "},
    {"", "%0 = girih.constant dense<1.0> : tensor<2x3xf32>", "pp", "d0, d1; "},
};
INSTANTIATE_TEST_SUITE_P(Ops, Indexing, testing::ValuesIn(cases));

/// The sizes of a domain as text: integers, and the number of the operand dimension behind a tensor.dim.
std::string describeDomain(ArrayRef<Range> domain) {
  std::string text;
  for (const Range &range : domain) {
    if (std::optional<int64_t> constant = getConstantIntValue(range.size))
      text += std::to_string(*constant) + " ";
    else if (auto dim = cast<Value>(range.size).getDefiningOp<tensor::DimOp>())
      text += "dim" + std::to_string(*dim.getConstantIndex()) + " ";
    else
      text += cast<Value>(range.size).getDefiningOp()->getName().getStringRef().str() + " ";
  }
  return text;
}

TEST(Tiling, DomainComesFromOperands) {
  Snippet snippet("%x: " B_S_8 ", %w: tensor<4x8xf32>",
                  "%0 = girih.linear %x, %w : (" B_S_8 ", tensor<4x8xf32>) -> tensor<?x?x4xf32, #girih.dims<\"b\", \"s\">>");
  auto tiled = cast<TilingInterface>(snippet.op.getOperation());
  OpBuilder builder(snippet.op);
  EXPECT_EQ(describeDomain(tiled.getIterationDomain(builder)), "dim0 dim1 4 8 ");
}

TEST(Tiling, DomainMultipliesSizes) {
  Snippet snippet("%x: " B_S_8, "%0 = girih.reshape %x : (" B_S_8 ") -> tensor<?x8xf32, #girih.dims<\"b*s\">>");
  auto tiled = cast<TilingInterface>(snippet.op.getOperation());
  OpBuilder builder(snippet.op);
  EXPECT_EQ(describeDomain(tiled.getIterationDomain(builder)), "affine.apply 8 ");
}

TEST(Tiling, TilesOfResultsAndDomainsMatch) {
  Snippet snippet("%q: tensor<2x5x8x16xf32>",
                  "%0:2 = girih.attention %q, %q, %q {scale = 1.0 : f32, return_lse} : (tensor<2x5x8x16xf32>, "
                  "tensor<2x5x8x16xf32>, tensor<2x5x8x16xf32>) -> (tensor<2x5x8x16xf32>, tensor<2x8x5xf32>)");
  auto tiled = cast<TilingInterface>(snippet.op.getOperation());
  OpBuilder builder(snippet.op);
  auto integers = [&](ArrayRef<int64_t> values) { return getAsIndexOpFoldResult(&snippet.context, values); };
  SmallVector<OpFoldResult> offsets, sizes;
  ASSERT_TRUE(succeeded(
      tiled.getIterationDomainTileFromResultTile(builder, 1, integers({1, 4, 2}), integers({1, 2, 3}), offsets, sizes)));
  EXPECT_EQ(getConstantIntValues(offsets), (SmallVector<int64_t>{1, 2, 4, 0, 0, 0}));
  EXPECT_EQ(getConstantIntValues(sizes), (SmallVector<int64_t>{1, 3, 2, 16, 5, 16}));
  SmallVector<OpFoldResult> resultOffsets, resultSizes;
  ASSERT_TRUE(succeeded(tiled.getResultTilePosition(builder, 0, offsets, sizes, resultOffsets, resultSizes)));
  EXPECT_EQ(getConstantIntValues(resultOffsets), (SmallVector<int64_t>{1, 2, 4, 0}));
  EXPECT_EQ(getConstantIntValues(resultSizes), (SmallVector<int64_t>{1, 3, 2, 16}));
}

} // namespace
