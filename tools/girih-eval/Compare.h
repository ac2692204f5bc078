// How far a level's results lie from the f64 reference, and whether that is near enough.
#pragma once

#include "Levels.h"

namespace girih::eval {

struct Difference {
  double maximum = 0, rms = 0;                // of the absolute error
  double magnitude = 0;                       // greatest |y| of the reference
  bool sameShape = true, sameSpecials = true; // NaN and infinities lie where the reference has them
};

Difference compare(const reference::HostTensor &actual, const reference::HostTensor &expected);

/// The error that a correct implementation in the module's types stays under, as a multiple of max|y|:
/// 4 sqrt(D) * max(eps, 2^-23 * sqrt(min(K, 256)) / 4), with
/// - eps of the coarsest element or compute type on the way (2^-23 for f32, 2^-7 for bf16, 2^-10 for f16),
/// - K the longest sum; sums are kept in f32 whatever their factors. Partial sums of K random products grow
/// like a random walk,
///   and so do their rounding errors: the greatest error of 16,384 results of a linear is 0.9, 2.3, 4.0 times
///   2^-23 max|y| for K = 16, 64, 256. Beyond 256 it grows no more (4.0, 2.3, 2.6 for K = 1024, 4096, 8192),
///   because blocks of 256 are summed apart,
/// - D the number of contractions, normalizations and reductions, whose errors add like independent ones.
/// Integers are exact.
double defaultTolerance(mlir::ModuleOp module, mlir::Type resultType);

/// Whether integers come of rounding floats. Those differ by one where a float lies between two, which one in a hundred may.
bool quantizes(mlir::ModuleOp module);

} // namespace girih::eval
