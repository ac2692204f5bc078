// Computes the tables of rotary embeddings. Formulas and names follow transformers' `modeling_rope_utils.py`.
#include "lib/Import/Rope.h"

#include "llvm/Support/ErrorHandling.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace girih;
using namespace girih::import;

int64_t girih::import::rotatedSize(const RopeConfig &rope, int64_t headSize) {
  return static_cast<int64_t>(static_cast<double>(headSize) * rope.partial);
}

static double yarnScale(double scale, double mscale) { return scale <= 1 ? 1 : 0.1 * mscale * std::log(scale) + 1; }

/// What the tables are multiplied by.
static double attentionFactor(const RopeConfig &rope) {
  if (rope.kind != RopeConfig::YaRN && rope.kind != RopeConfig::LongRope)
    return 1;
  if (rope.attentionFactor)
    return *rope.attentionFactor;
  if (rope.kind == RopeConfig::LongRope)
    return rope.factor <= 1 ? 1 : std::sqrt(1 + std::log(rope.factor) / std::log(static_cast<double>(rope.originalPositions)));
  if (rope.mscale > 0 && rope.mscaleAllDim > 0)
    return yarnScale(rope.factor, rope.mscale) / yarnScale(rope.factor, rope.mscaleAllDim);
  return yarnScale(rope.factor, 1);
}

static double llama3Frequency(const RopeConfig &rope, double frequency) {
  double original = static_cast<double>(rope.originalPositions), wavelength = 2 * std::numbers::pi / frequency;
  if (wavelength < original / rope.highFrequency)
    return frequency;
  if (wavelength > original / rope.lowFrequency)
    return frequency / rope.factor;
  double smooth = (original / wavelength - rope.lowFrequency) / (rope.highFrequency - rope.lowFrequency);
  return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

/// YaRN keeps high frequencies, divides low ones, and blends between pairs `low` and `high`.
static double yarnFrequency(const RopeConfig &rope, int64_t size, int64_t pair, double frequency) {
  double dim = static_cast<double>(size);
  auto correction = [&](double rotations) {
    double original = static_cast<double>(rope.originalPositions);
    return dim * std::log(original / (rotations * 2 * std::numbers::pi)) / (2 * std::log(rope.theta));
  };
  double low = correction(rope.betaFast), high = correction(rope.betaSlow);
  if (rope.truncate)
    low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0), high = std::min(high, dim - 1);
  if (low == high)
    high += 0.001;
  double ramp = std::clamp((static_cast<double>(pair) - low) / (high - low), 0.0, 1.0);
  return frequency / rope.factor * ramp + frequency * (1 - ramp);
}

static double pairFrequency(const RopeConfig &rope, int64_t size, int64_t pair) {
  double frequency = 1 / std::pow(rope.theta, static_cast<double>(2 * pair) / static_cast<double>(size));
  switch (rope.kind) {
  case RopeConfig::Default:
  case RopeConfig::Dynamic: // within the positions that the model was trained with
    return frequency;
  case RopeConfig::Linear:
    return frequency / rope.factor;
  case RopeConfig::LongRope:
    return frequency / rope.shortFactors[pair];
  case RopeConfig::Llama3:
    return llama3Frequency(rope, frequency);
  case RopeConfig::YaRN:
    return yarnFrequency(rope, size, pair, frequency);
  }
  llvm_unreachable("a kind of rotary embeddings");
}

RopeTables girih::import::computeRope(const RopeConfig &rope, int64_t headSize, int64_t positions) {
  int64_t size = rotatedSize(rope, headSize);
  RopeTables tables{size / 2, {}, {}};
  std::vector<double> frequencies;
  for (int64_t pair = 0; pair < tables.pairs; ++pair)
    frequencies.push_back(pairFrequency(rope, size, pair));
  double factor = attentionFactor(rope);
  for (int64_t position = 0; position < positions; ++position)
    for (double frequency : frequencies) {
      double angle = static_cast<double>(position) * frequency;
      tables.cos.push_back(static_cast<float>(std::cos(angle) * factor));
      tables.sin.push_back(static_cast<float>(std::sin(angle) * factor));
    }
  return tables;
}
