// How far a level's results lie from the f64 reference, and whether that is near enough.
#pragma once

#include "Levels.h"

namespace girih::eval {

struct Difference {
  double maximum = 0, rms = 0; // of the absolute error
  double magnitude = 0;        // greatest |y| of the reference
  bool sameShape = true, sameSpecials = true; // NaN and infinities lie where the reference has them
};

Difference compare(const reference::HostTensor &actual, const reference::HostTensor &expected);

/// The error that a correct implementation in the module's types stays under, as a multiple of max|y|:
/// 4 eps * max(1, sqrt(K) / 4) * sqrt(D), with
/// - eps of the coarsest element or compute type on the way (2^-23 for f32, 2^-7 for bf16, 2^-10 for f16),
/// - K the longest static sum. Partial sums of K random products grow like a random walk, and so do their rounding errors:
///   measured over linears of K = 64 to 8192 the largest error of one f32 chain is about sqrt(K) / 5 eps max|y|, a quarter
///   of what this allows,
/// - D the number of contractions and normalizations, whose errors add like independent ones.
/// Integers are exact.
double defaultTolerance(mlir::ModuleOp module, mlir::Type resultType);

} // namespace girih::eval
