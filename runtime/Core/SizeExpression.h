// The stack machine of size expressions: evaluation over symbol values, evaluation over intervals (what the verifier uses to
// show that no overflow and no bad divisor can occur, so that plain evaluation need not check), and printing.
#pragma once

#include "Tables.h"

namespace girih::runtime {

/// All values an expression may take.
struct Interval {
  int64_t low, high;
};

/// The value for `symbols`, one per symbol of the module. The expression has been verified and the symbols lie within
/// their bounds.
int64_t evaluate(const Tables &tables, uint32_t expression, const int64_t *symbols);

/// False if the expression's code is malformed, may overflow or may divide by a number below one.
bool evaluateInterval(const Tables &tables, uint32_t expression, Interval &result);

/// If the expression is a symbol by itself: its index; else GIRIH_NONE.
uint32_t plainSymbol(const Tables &tables, uint32_t expression);

/// Writes the expression as text, e.g. "2*batch*seq"; cuts it to `bytes`.
void print(const Tables &tables, uint32_t expression, char *text, size_t bytes);

} // namespace girih::runtime
