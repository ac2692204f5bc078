// Passes around the artifact: the work that launches do, and the plan as text.
#ifndef GIRIH_ARTIFACT_PASSES
#define GIRIH_ARTIFACT_PASSES

include "mlir/Pass/PassBase.td"

def ArtifactCountWork : Pass<"artifact-count-work", "::mlir::ModuleOp"> {
  let summary = "writes on each launch how much arithmetic and memory traffic it takes";
  let description = [{
    Gives every `girih.launch` of an outlined kernel two lists of size expressions to be summed: `girih.flops`, the floating-point
    operations of its contractions (two per multiply-add) and of its other ops (one per element), and `girih.bytes`, the
    operands read once plus the results written once, where of a table that is only gathered from just the rows gathered count.
    The runtime shows them as shares of the machine's peak. Runs while kernels still hold graph ops.
  }];
}

def ArtifactPrintPlan : Pass<"artifact-print-plan", "::mlir::ModuleOp"> {
  let summary = "prints the memory plan and command list of a module of tile programs";
  let description = [{
    Prints what `lib/Artifact` would write for the module to standard output: symbols, weights, and per entry the arena's slots,
    barriers and launches. For tests and for people; the module stays as it is.
  }];
}

#endif
