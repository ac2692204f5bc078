// The passes between the graph as imported and outlined kernels.
#ifndef GIRIH_FUSION_PASSES
#define GIRIH_FUSION_PASSES

include "mlir/Pass/PassBase.td"

def FusionFlattenRows : Pass<"fusion-flatten-rows", "::mlir::func::FuncOp"> {
  let summary = "row-wise ops work on [rows, features]";
  let description = [{
    A linear layer, norm, or element-wise op on `[batch, seq, features]` treats batch and sequence alike, so it is rewritten to
    `[batch*seq, features]`, with reshapes around it. Reshapes then move to the borders, where an op does tell batch from sequence
    (attention, pooling, rope), and cancel in between. The function's signature stays.

    A reshape costs nothing: the memory plan gives it its operand's memory.
  }];
  let statistics = [Statistic<"flattened", "flattened", "ops rewritten to two dimensions">];
  let dependentDialects = ["::girih::graph::GirihDialect"];
}

def FusionSplitAttention : Pass<"fusion-split-attention", "::mlir::ModuleOp"> {
  let summary = "attention of one token over a long cache, in parts side by side";
  let description = [{
    Rewrites `girih.paged_attention` of one query of each sequence to `girih.split_attention` and `girih.merge_attention`, where key heads and
    the usual batch are less work than keeps the target's threads evenly busy (`CostModel::evenWork`). The target's loop over keys
    computes the same parts in the same order where it is left whole, so results are the same to the bit.

    Costs a launch, and reads of the parts.
  }];
  let options = [Option<"target", "target", "std::string", /*default=*/"\"\"",
                        "whose cost model to ask; empty: the module's girih.target, else this machine">,
                 Option<"remarks", "remarks", "bool", /*default=*/"false", "say why an attention was left whole, by layer">];
  let statistics = [Statistic<"splits", "splits", "attentions split">];
  let dependentDialects = ["::girih::graph::GirihDialect"];
}

def FusionFormKernels : Pass<"fusion-form-kernels", "::mlir::ModuleOp"> {
  let summary = "groups ops that run together into girih.kernel";
  let description = [{
    Linear layers first: those that read the same rows become one kernel with several results, siblings through weights of equal shape in one loop,
    the rest side by side. Each takes the element-wise ops and the rotation of heads that alone read its result. Attention stays by itself, with the rotation of its query. Norms, softmax and
    reductions of rows take the element-wise ops, embeddings and row lookups before them. What is left of element-wise ops is grouped by
    shape. Every other op is a kernel of its own; reshapes and reads of parameters stay outside.

    What only saves memory traffic, such as an epilogue, is always taken. Where something is lost as well, the target's cost model
    decides (`CostModel::pays`): a further sibling needs accumulators in cache; an element-wise op or a norm before a linear layer,
    pulled as a prologue, is worked out again for every block of columns, but saves a launch: worth it for few rows.

    Invariant: a kernel holds at most one contraction, or linear layers on the same rows; groups are convex. Under the contract `exact` nothing is fused,
    since every op's result is to be rounded.

    Precondition: `fusion-flatten-rows`, without which rows of different sequences do not meet.
  }];
  let options = [Option<"target", "target", "std::string", /*default=*/"\"\"",
                        "whose cost model to ask; empty: the module's girih.target, else this machine">,
                 Option<"remarks", "remarks", "bool", /*default=*/"false", "say why a fusion was declined, by layer">];
  let statistics = [Statistic<"kernels", "kernels", "kernels formed">, Statistic<"fused", "fused", "ops that joined another op's kernel">];
  let dependentDialects = ["::girih::graph::GirihDialect"];
}

def FusionOutlineKernels : Pass<"fusion-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "one function per distinct kernel";
  let description = [{
    Moves every kernel's body to a private function and launches it. Kernels that are equal but for weights, which are arguments, and
    locations, which stay with the launch, share one function: identical layers compile once.

    Precondition: `fusion-form-kernels`.
  }];
  let statistics = [Statistic<"launches", "launches", "launches">, Statistic<"functions", "functions", "distinct kernels">];
  let dependentDialects = ["::girih::graph::GirihDialect"];
}

#endif // GIRIH_FUSION_PASSES
