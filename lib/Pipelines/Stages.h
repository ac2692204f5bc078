// The list of stages: what each is called and which passes it runs. Importing and writing the artifact, the
// list's two ends, are no passes and live in Compiler.cpp.
#pragma once

#include "girih/Compiler.h"

namespace mlir {
class OpPassManager;
}

namespace girih {

class Target;

/// Number of the stage called `name`, or nothing.
std::optional<size_t> stageNumber(llvm::StringRef name);

/// The first line of a dump: after which stage it was taken, and how to go on.
std::string dumpHeader(llvm::StringRef stage);

/// The number of the stage after which a text was dumped, or nothing: it is no dump, or girih-opt has printed
/// it since.
std::optional<size_t> stageOfDump(llvm::StringRef text);

/// Whether the stage is one target's own; the others go past it.
bool isTargetStage(llvm::StringRef name);

/// Adds the passes of a stage between import and artifact.
void buildStage(mlir::OpPassManager &manager, llvm::StringRef stage, const Target &target);

/// Registers each stage's passes as a pipeline `stage-<name>` for girih-opt, and `stages-to-<name>` for all
/// up to it.
void registerStagePipelines();

} // namespace girih
