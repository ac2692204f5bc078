// Proves the size expressions' arithmetic, the intervals that show them safe, and their text.
#include "TestArtifact.h"
#include "runtime/Core/SizeExpression.h"

using namespace girih::test;
using namespace girih::runtime;

namespace {

class SizeExpressionTest : public ::testing::Test {
protected:
  ArtifactBuilder b;
  uint32_t batch = b.symbol(b.addSymbol("batch", 1, 8)), seq = b.symbol(b.addSymbol("seq", 0, 512));

  Tables tables() const {
    Tables t;
    t.strings = b.strings;
    t.symbols = b.symbols;
    t.instructions = b.instructions;
    t.expressions = b.expressions;
    return t;
  }
  int64_t valueOf(uint32_t expression, int64_t batchValue, int64_t seqValue) {
    int64_t symbols[] = {batchValue, seqValue};
    return evaluate(tables(), expression, symbols);
  }
  std::string text(uint32_t expression) {
    char buffer[128];
    print(tables(), expression, buffer, sizeof(buffer));
    return buffer;
  }
  /// A program as it stands.
  bool isSafe(std::vector<girih_instruction> code) {
    b.expressions.push_back({uint32_t(b.instructions.size()), uint32_t(code.size())});
    b.instructions.insert(b.instructions.end(), code.begin(), code.end());
    Interval interval;
    return evaluateInterval(tables(), b.expressions.size() - 1, interval);
  }
};

} // namespace

TEST_F(SizeExpressionTest, Evaluates) {
  auto two = b.constant(2), hundred = b.constant(100);
  EXPECT_EQ(valueOf(b.add(b.mul(batch, seq), two), 3, 5), 17);
  EXPECT_EQ(valueOf(b.sub(batch, seq), 3, 5), -2);
  EXPECT_EQ(valueOf(b.ceilDiv(seq, two), 3, 5), 3);
  EXPECT_EQ(valueOf(b.floorDiv(seq, two), 3, 5), 2);
  EXPECT_EQ(valueOf(b.ceilDiv(b.sub(batch, seq), two), 2, 5), -1);
  EXPECT_EQ(valueOf(b.floorDiv(b.sub(batch, seq), two), 2, 5), -2);
  EXPECT_EQ(valueOf(b.min(seq, hundred), 3, 500), 100);
  EXPECT_EQ(valueOf(b.max(seq, hundred), 3, 500), 500);
  EXPECT_EQ(valueOf(b.alignTo(seq, 64), 3, 65), 128);
}

TEST_F(SizeExpressionTest, KeepsEachExpressionOnceAndFoldsConstants) {
  EXPECT_EQ(b.mul(batch, seq), b.mul(batch, seq));
  EXPECT_EQ(b.mul(b.constant(6), b.constant(7)), b.constant(42));
  EXPECT_EQ(b.add(seq, b.constant(0)), seq);
  EXPECT_EQ(b.mul(b.constant(1), seq), seq);
  EXPECT_EQ(b.ceilDiv(b.constant(-7), b.constant(2)), b.constant(-3));
  EXPECT_EQ(b.floorDiv(b.constant(-7), b.constant(2)), b.constant(-4));
}

TEST_F(SizeExpressionTest, BoundsEveryValueThatCanOccur) {
  auto expression = b.sub(b.mul(batch, seq), b.ceilDiv(seq, batch));
  Interval interval;
  ASSERT_TRUE(evaluateInterval(tables(), expression, interval));
  for (int64_t i = 1; i <= 8; ++i)
    for (int64_t j = 0; j <= 512; ++j) {
      EXPECT_GE(valueOf(expression, i, j), interval.low);
      EXPECT_LE(valueOf(expression, i, j), interval.high);
    }
}

TEST_F(SizeExpressionTest, RejectsProgramsThatMayGoWrong) {
  const girih_instruction one = {GIRIH_OP_CONST, 0, 1}, huge = {GIRIH_OP_CONST, 0, INT64_MAX};
  const girih_instruction seqOp = {GIRIH_OP_SYMBOL, 0, 1};
  auto op = [](uint32_t opcode) { return girih_instruction{opcode, 0, 0}; };
  EXPECT_TRUE(isSafe({one, seqOp, op(GIRIH_OP_ADD)}));
  EXPECT_FALSE(isSafe({}));
  EXPECT_FALSE(isSafe({one, one})) << "two values left";
  EXPECT_FALSE(isSafe({one, op(GIRIH_OP_ADD)})) << "an operand is missing";
  EXPECT_FALSE(isSafe({one, one, op(9)})) << "unknown operation";
  EXPECT_FALSE(isSafe({{GIRIH_OP_SYMBOL, 0, 2}})) << "unknown symbol";
  EXPECT_FALSE(isSafe({{GIRIH_OP_SYMBOL, 0, -1}})) << "unknown symbol";
  EXPECT_FALSE(isSafe({huge, one, op(GIRIH_OP_ADD)})) << "overflow";
  EXPECT_FALSE(isSafe({huge, seqOp, op(GIRIH_OP_MUL)})) << "overflow for some size";
  EXPECT_FALSE(isSafe({one, seqOp, op(GIRIH_OP_CEILDIV)})) << "the divisor may be zero";
  EXPECT_FALSE(isSafe({{GIRIH_OP_CONST, 1, 1}})) << "reserved field";
  std::vector<girih_instruction> deep(GIRIH_MAX_EXPRESSION_STACK + 1, one);
  for (uint32_t i = 0; i != GIRIH_MAX_EXPRESSION_STACK; ++i)
    deep.push_back(op(GIRIH_OP_ADD));
  EXPECT_FALSE(isSafe(deep)) << "the stack is too deep";
}

TEST_F(SizeExpressionTest, Prints) {
  auto two = b.constant(2);
  EXPECT_EQ(text(b.mul(two, b.mul(batch, seq))), "2*batch*seq");
  EXPECT_EQ(text(b.mul(b.add(batch, two), seq)), "(batch + 2)*seq");
  EXPECT_EQ(text(b.ceilDiv(b.sub(seq, two), b.constant(64))), "ceildiv(seq - 2, 64)");
  EXPECT_EQ(text(b.max(b.min(batch, seq), b.floorDiv(seq, two))), "max(min(batch, seq), seq/2)");
  EXPECT_EQ(plainSymbol(tables(), seq), 1u);
  EXPECT_EQ(plainSymbol(tables(), two), GIRIH_NONE);
}
