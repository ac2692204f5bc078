// Proves that size programs fold, evaluate and compare as arithmetic does, and that overflow is seen.
#include "lib/Artifact/Size.h"

#include <gtest/gtest.h>

#include <limits>

using girih::artifact::Size;

namespace {

const Size batch = Size::symbol(0), seq = Size::symbol(1);

TEST(Size, ConstantsFold) {
  EXPECT_EQ((Size(3) * Size(5) + Size(1)).constantValue(), 16);
  EXPECT_EQ(Size(65).alignTo(64).constantValue(), 128);
  EXPECT_EQ(Size(64).ceilDiv(64).constantValue(), 1);
}

TEST(Size, NeutralElementsVanish) {
  EXPECT_EQ(Size(1) * seq, seq);
  EXPECT_EQ(seq + Size(0), seq);
  EXPECT_EQ(seq.ceilDiv(1), seq);
}

TEST(Size, EvaluatesWithSymbols) {
  Size size = (batch * seq * Size(24)).alignTo(64) + Size::max(batch * Size(100), seq);
  EXPECT_EQ(size.evaluate({2, 3}), 192 + 200);
  EXPECT_EQ(size.evaluate({1, 1000}), 24000 + 1000);
}

TEST(Size, OverflowIsNothing) {
  const int64_t huge = std::numeric_limits<int64_t>::max();
  EXPECT_EQ((seq * Size(2)).evaluate({1, huge}), std::nullopt);
  EXPECT_EQ((seq + Size(1)).evaluate({1, huge}), std::nullopt);
  // A constant that would overflow when folded stays a program.
  EXPECT_EQ((Size(huge) * Size(2)).constantValue(), std::nullopt);
}

TEST(Size, MaximumOfMultiplesIsKnown) {
  EXPECT_EQ(Size::max(Size(2) * seq, seq * Size(8)), seq * Size(8));
  EXPECT_EQ(Size::max(seq, seq), seq);
  EXPECT_EQ(Size::max(batch * seq, seq * batch), batch * seq);
  EXPECT_EQ(Size::max(batch, seq).evaluate({3, 7}), 7);
}

TEST(Size, PrintsAsPostfix) { EXPECT_EQ((batch * seq + Size(4)).str({"batch", "seq"}), "batch seq * 4 +"); }

} // namespace
