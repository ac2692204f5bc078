// Puts an artifact together: the plan's tables, the target's code images, the weights.
#pragma once

#include "girih/Target.h"
#include "lib/Artifact/Plan.h"

#include <functional>

namespace girih::artifact {

enum class WeightStorage {
  Packed,   ///< in the artifact, as the kernels read them
  External, ///< those used as the model's files hold them stay there; the rest is packed
  Random    ///< nowhere: the runtime fills them from a seed
};

struct WriteRequest {
  std::string path;
  std::string objectSymbol; ///< not empty: the artifact is wrapped in an object file under this symbol
  WeightStorage weights = WeightStorage::Packed;
  uint64_t seed = 0;
  std::vector<std::pair<std::string, std::string>> properties;
  std::string facts;
  std::function<void(uint64_t fileBytes, uint64_t weightBytes)>
      sizeKnown; ///< before the first byte is written
  std::function<void(uint64_t written, uint64_t fileBytes)> progress;
  std::function<bool()> interrupted;
};

struct WriteSummary {
  uint64_t fileBytes = 0, weightBytes = 0;
};

/// Writes the artifact; on any error nothing is left under `path` that was not there before.
llvm::Expected<WriteSummary> writePlan(mlir::ModuleOp module, const Plan &plan,
                                       llvm::ArrayRef<KernelImage> images, const WriteRequest &request);

} // namespace girih::artifact
