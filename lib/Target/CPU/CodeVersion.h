// The code versions the CPU target compiles: levels of the x86-64 psABI. What LLVM must be told, what the
// machine must have, and how many vector registers a micro-kernel may fill.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace girih::cpu {

struct CodeVersion {
  llvm::StringRef name;                        // also LLVM's name for the CPU
  llvm::StringRef llvmFeatures;                // beyond what the level implies
  llvm::ArrayRef<llvm::StringRef> cpuFeatures; // what the loader checks, /proc/cpuinfo's spelling
  // Micro-kernel: how many rows of the result registers hold when it is 1, 2, … vectors of 16 columns wide.
  llvm::ArrayRef<int64_t> registerRows;
  int64_t blockVectors; // vectors that blocks of many rows are wide
  // Whether a quantized block's scale multiplies the sum over its elements, instead of every element.
  bool scalesSums;

  int64_t maxVectors() const { return registerRows.size(); }
};

/// Every version, least demanding first.
llvm::ArrayRef<CodeVersion> codeVersions();
/// The version of that name, or null.
const CodeVersion *findCodeVersion(llvm::StringRef name);

} // namespace girih::cpu
