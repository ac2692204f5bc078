// The pipeline, in one screen. Passes are named as girih-opt names them.
#include "lib/Pipelines/Stages.h"

#include "girih/Target.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace girih;

static const StageInfo stageList[] = {
    {"import", "the model as its importer reads it: graph ops, one parameter per tensor"},
    {"simplify", "folded and without duplicates"},
    {"quantize", "linear layers on integers, with --dtype=int8; else as it was"},
    {"flatten", "row-wise ops on [rows, features]; batch and sequence apart only where they differ"},
    {"fuse", "girih.kernel regions: what runs together"},
    {"outline", "one function per distinct kernel; launches name the layers"},
    {"pack", "weights in the encodings that the target's kernels read"},
    {"tile", "a tile.program per kernel: one block of the output grid"},
    {"vector", "CPU: kernels lowered to vectors, per code version"},
    {"llvm", "CPU: kernels in the LLVM dialect"},
    {"nvvm", "NVIDIA: kernels as what the threads of a block do"},
    {"systolic", "systolic: kernels as programs of the machine"},
    {"artifact", "machine code, memory plan, commands and weights in one file"},
};

llvm::ArrayRef<StageInfo> girih::compilerStages() { return stageList; }

std::optional<size_t> girih::stageNumber(StringRef name) {
  for (auto [i, stage] : llvm::enumerate(stageList))
    if (stage.name == name)
      return i;
  return std::nullopt;
}

static constexpr llvm::StringLiteral dumpMark = "// After the stage ";

std::string girih::dumpHeader(StringRef stage) {
  return llvm::formatv("{0}{1}; go on with girihc FILE --from={1}\n", dumpMark, stage).str();
}

std::optional<size_t> girih::stageOfDump(StringRef text) {
  if (!text.consume_front(dumpMark))
    return std::nullopt;
  return stageNumber(text.take_until([](char c) { return c == ';' || c == '\n'; }));
}

/// The passes of a stage that no target has a say in.
static StringRef passesOf(StringRef stage) {
  return llvm::StringSwitch<StringRef>(stage)
      .Case("simplify", "canonicalize,cse,symbol-dce")
      .Case("quantize", "quantization-linears")
      .Case("flatten", "func.func(fusion-flatten-rows,canonicalize,cse)")
      .Case("fuse", "fusion-split-attention,fusion-form-kernels{remarks=true}")
      .Case("outline", "fusion-outline-kernels,artifact-count-work")
      .Case("pack", "tiling-pack-operands")
      .Case("tile", "tiling-emit-programs,canonicalize,cse")
      .Default("");
}

bool girih::isTargetStage(StringRef stage) {
  return stage == "vector" || stage == "llvm" || stage == "nvvm" || stage == "systolic";
}

void girih::buildStage(OpPassManager &manager, StringRef stage, const Target &target) {
  if (isTargetStage(stage))
    return target.buildLowering(manager, stage);
  if (failed(parsePassPipeline(passesOf(stage), manager)))
    llvm::reportFatalInternalError("stage '" + stage + "' names an unknown pass");
}

void girih::registerStagePipelines() {
  for (const StageInfo &stage : stageList)
    if (!passesOf(stage.name).empty())
      registerPassPipeline(("stage-" + stage.name).str(), stage.summary,
                           [name = stage.name](OpPassManager &manager, StringRef options, auto errorHandler) {
                             return parsePassPipeline(passesOf(name), manager);
                           },
                           [](auto) {});
}
