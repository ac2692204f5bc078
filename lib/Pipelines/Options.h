// The options of a compilation, checked.
#pragma once

#include "girih/Compiler.h"
#include "lib/Artifact/Write.h"

namespace girih {

/// What the compiler ends with.
enum class Product { Dump, Artifact, Object, Assembly };

struct CheckedOptions {
  size_t firstStage = 0, lastStage = 0; ///< numbers in compilerStages()
  Product product = Product::Artifact;
  artifact::WeightStorage weights = artifact::WeightStorage::Packed;
  uint64_t seed = 0;
};

/// Refuses values that no compilation can have, as usage errors.
llvm::Expected<CheckedOptions> checkOptions(const CompileOptions &options);

} // namespace girih
