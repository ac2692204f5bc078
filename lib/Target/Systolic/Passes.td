// Passes of the systolic target.
#ifndef GIRIH_LIB_TARGET_SYSTOLIC_PASSES_TD
#define GIRIH_LIB_TARGET_SYSTOLIC_PASSES_TD

include "mlir/Pass/PassBase.td"

def SystolicLowerPrograms : Pass<"systolic-lower-programs", "::mlir::ModuleOp"> {
  let summary = "Lower tile programs to programs of the systolic machine";
  let description = [{
    Adds a nested module `@systolic` with one `systolic.program` for each `tile.program`, which stays. A program runs all blocks of its
    grid; its registers at launch hold addresses, sizes and the grid's extents, as `bindings` says.

    Programs that draw tokens (`sampling`) are left to the host.

    Dots run on the array in bf16, everything else on the vector unit in f32. Tokens follow from the bytes that instructions touch. An operation that no
    instruction computes is an error.

    Precondition: programs verify, and were tiled for this target.
  }];
  let options = [
    Option<"machine", "machine", "std::string", /*default=*/"\"edge32\"", "preset or facts file of the machine">,
    Option<"remarks", "remarks", "bool", /*default=*/"false", "say of which programs iterations do not overlap, and why">,
  ];
  let statistics = [
    Statistic<"numPrograms", "programs", "Number of programs made">,
    Statistic<"numInstructions", "instructions", "Number of instructions in them">,
  ];
  let dependentDialects = ["::girih::systolic::SystolicDialect"];
}

#endif
