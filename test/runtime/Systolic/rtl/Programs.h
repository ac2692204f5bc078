// Programs for the comparison of simulator and twin: random ones, free of races and deadlocks by
// construction, written ones, and what they cover of the instruction set.
#pragma once

#include "Twin.h"

#include <map>

namespace girih::systolic::twin {

struct Sample {
  std::string name;
  Machine machine;
  Program program;
};

/// The same program for the same seed, on every machine.
Sample randomSample(uint64_t seed);
/// GEMMs, a softmax, paged gathers, sweeps over every function's interesting arguments, machines at their
/// limits.
std::vector<Sample> writtenSamples();

/// How often what was executed: opcodes, flags, functions, types of operands, and properties such as a mask
/// of several arrays.
class Coverage {
public:
  void add(const Sample &sample, const Outcome &outcome);
  /// What an array of this build should have met and did not.
  std::vector<std::string> missing() const;
  const std::map<std::string, uint64_t> &counts() const { return seen; }

private:
  std::map<std::string, uint64_t> seen;
};

} // namespace girih::systolic::twin
