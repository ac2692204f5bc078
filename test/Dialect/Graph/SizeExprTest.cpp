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

TEST(SizeExpr, PrintsSumsInCanonicalOrder) {
  EXPECT_EQ(size("1+seq").str(), "seq + 1");
  EXPECT_EQ(size("seq + batch*seq + 2*seq").str(), "batch*seq + 3*seq");
  EXPECT_EQ(size("b + a*a + a*b").str(), "a*a + a*b + b");
}

TEST(SizeExpr, RefusesWhatIsNoSize) {
  for (StringRef text :
       {"", "seq+", "+1", "seq+0", "2*", "-3", "0", "a b", "3x", "seq-1", "9223372036854775807*2"})
    EXPECT_TRUE(failed(SizeExpr::parse(text))) << text.str();
}

TEST(SizeExpr, MultipliesAddsAndDivides) {
  EXPECT_EQ(size("2*seq") * size("3*batch"), size("6*batch*seq"));
  EXPECT_EQ(size("2*seq") + size("seq"), size("3*seq"));
  EXPECT_EQ(size("seq") + SizeExpr(0), size("seq"));
  EXPECT_EQ(SizeExpr(0) + size("seq + 1"), size("seq + 1"));
  EXPECT_EQ(SizeExpr(0) * size("seq + 1"), SizeExpr(0));
  EXPECT_EQ(size("batch") * size("seq + 1"), size("batch*seq + batch"));
  EXPECT_EQ(size("seq + 1") * size("seq + 1"), size("seq*seq + 2*seq + 1"));
  EXPECT_EQ(size("6*batch*seq*seq").dividedBy(size("2*seq")), size("3*batch*seq"));
  EXPECT_EQ(size("6*seq").dividedBy(size("4*seq")), std::nullopt);
  EXPECT_EQ(size("6*seq").dividedBy(size("batch")), std::nullopt);
  EXPECT_EQ(size("384*batch*seq + 384*batch").dividedBy(size("seq + 1")), size("384*batch"));
  EXPECT_EQ(size("384*batch*seq + 384*batch").dividedBy(size("batch")), size("384*seq + 384"));
  EXPECT_EQ(size("a*a + 2*a*b + b*b").dividedBy(size("a + b")), size("a + b"));
  EXPECT_EQ(size("batch*seq + 1").dividedBy(size("seq + 1")), std::nullopt);
  EXPECT_EQ(size("seq").dividedBy(size("seq + 1")), std::nullopt);
  EXPECT_EQ(SizeExpr(0).dividedBy(size("seq")), SizeExpr(0));
}

TEST(SizeExpr, EvaluatesOrRefuses) {
  auto valueOf = [](StringRef name) -> std::optional<int64_t> {
    if (name == "batch")
      return 3;
    return name == "huge" ? std::optional<int64_t>(int64_t(1) << 40) : std::nullopt;
  };
  EXPECT_EQ(size("2*batch*batch").evaluate(valueOf), 18);
  EXPECT_EQ(size("2*batch*batch + batch + 1").evaluate(valueOf), 22);
  EXPECT_EQ(size("batch*seq").evaluate(valueOf), std::nullopt);
  EXPECT_EQ(size("huge*huge").evaluate(valueOf), std::nullopt);
  EXPECT_EQ(size("9223372036854775807 + batch").evaluate(valueOf), std::nullopt);
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
