// Size expressions keep one canonical form, and their arithmetic is exact or refuses.
#include "dialects/Graph/Graph.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace girih::graph;

namespace {

SizeExpr size(StringRef text) {
  FailureOr<SizeExpr> result = SizeExpr::parse(text);
  EXPECT_TRUE(succeeded(result)) << text.str();
  return succeeded(result) ? *result : SizeExpr();
}

TEST(SizeExpr, PrintsInCanonicalOrder) {
  EXPECT_EQ(size("seq*2*batch").str(), "2*batch*seq");
  EXPECT_EQ(size("2 * seq * 3").str(), "6*seq");
  EXPECT_EQ(size("seq*seq").str(), "seq*seq");
  EXPECT_EQ(size("1*seq").str(), "seq");
  EXPECT_EQ(size("12").str(), "12");
}

TEST(SizeExpr, RefusesWhatIsNoProduct) {
  for (StringRef text : {"", "seq+1", "2*", "-3", "0", "a b", "3x", "seq-1", "9223372036854775807*2"})
    EXPECT_TRUE(failed(SizeExpr::parse(text))) << text.str();
}

TEST(SizeExpr, MultipliesAddsAndDivides) {
  EXPECT_EQ(size("2*seq") * size("3*batch"), size("6*batch*seq"));
  EXPECT_EQ(size("2*seq").plus(size("seq")), size("3*seq"));
  EXPECT_EQ(size("seq").plus(SizeExpr(1)), std::nullopt);
  EXPECT_EQ(size("6*batch*seq*seq").dividedBy(size("2*seq")), size("3*batch*seq"));
  EXPECT_EQ(size("6*seq").dividedBy(size("4*seq")), std::nullopt);
  EXPECT_EQ(size("6*seq").dividedBy(size("batch")), std::nullopt);
}

TEST(SizeExpr, EvaluatesOrRefuses) {
  auto valueOf = [](StringRef name) -> std::optional<int64_t> {
    if (name == "batch")
      return 3;
    return name == "huge" ? std::optional<int64_t>(int64_t(1) << 40) : std::nullopt;
  };
  EXPECT_EQ(size("2*batch*batch").evaluate(valueOf), 18);
  EXPECT_EQ(size("batch*seq").evaluate(valueOf), std::nullopt);
  EXPECT_EQ(size("huge*huge").evaluate(valueOf), std::nullopt);
}

TEST(SizeExpr, SitsOnTensorTypes) {
  MLIRContext context;
  context.loadDialect<GirihDialect>();
  Type f32 = Float32Type::get(&context);
  SmallVector<SizeExpr> sizes = {size("batch"), 12, size("2*seq")};
  RankedTensorType type = getTensorType(sizes, f32);
  EXPECT_EQ(getSizes(type), sizes);
  EXPECT_EQ(getNumElements(type), size("24*batch*seq"));
  EXPECT_EQ(describe(sizes), "[batch, 12, 2*seq]");
  EXPECT_FALSE(getTensorType({4, 5}, f32).getEncoding());
}

TEST(LayerName, JoinsTheNamesOfFusedLocations) {
  MLIRContext context;
  auto named = [&](StringRef name) -> Location { return NameLoc::get(StringAttr::get(&context, name)); };
  EXPECT_EQ(layerName(named("layer.0.dense")), "layer.0.dense");
  EXPECT_EQ(layerName(FusedLoc::get(&context, {named("a"), named("b"), named("a")})), "a + b");
  EXPECT_EQ(layerName(UnknownLoc::get(&context)), "");
}

} // namespace
