// Rotary position embeddings as config.json describes them, and their tables. Formulas are transformers'
// (`modeling_rope_utils.py`), computed in double.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>
#include <vector>

namespace girih::import {

struct RopeConfig {
  enum Kind { Default, Linear, Dynamic, YaRN, LongRope, Llama3 } kind = Default;
  double theta = 10000;
  double partial = 1; ///< the share of a head that is rotated
  double factor = 1;
  std::optional<double> attentionFactor; ///< multiplies the tables; by default the kind's formula
  int64_t originalPositions = 0;         ///< the context before it was extended
  double betaFast = 32, betaSlow = 1;    ///< YaRN
  double mscale = 0, mscaleAllDim = 0;   ///< YaRN; 0: not given
  bool truncate = true;                  ///< YaRN
  double lowFrequency = 1, highFrequency = 4; ///< Llama 3
  std::vector<double> shortFactors;           ///< LongRope: within the original context
};

/// Cosines and sines, `[positions, pairs]`, row-major.
struct RopeTables {
  int64_t pairs = 0;
  std::vector<float> cos, sin;
};

/// Reads `rope_parameters`, or `rope_theta`, `rope_scaling`, `partial_rotary_factor` and `original_max_position_embeddings` as older
/// versions wrote them. `positions` is the config's `max_position_embeddings`.
llvm::Expected<RopeConfig> readRope(const llvm::json::Object &json, int64_t positions, double defaultTheta, llvm::StringRef where);

/// The elements of a head that are rotated.
int64_t rotatedSize(const RopeConfig &rope, int64_t headSize);

/// Checks that heads of this size can be rotated so.
llvm::Error checkRope(const RopeConfig &rope, int64_t headSize, llvm::StringRef where);

/// The positions for which one table is right: frequencies of `dynamic` and `longrope` depend on the sequence's length past it.
int64_t staticPositions(const RopeConfig &rope, int64_t positions);

RopeTables computeRope(const RopeConfig &rope, int64_t headSize, int64_t positions);

} // namespace girih::import
