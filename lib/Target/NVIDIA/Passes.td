// Passes of the NVIDIA target, in the order they run.
#ifndef GIRIH_LIB_TARGET_NVIDIA_PASSES_TD
#define GIRIH_LIB_TARGET_NVIDIA_PASSES_TD

include "mlir/Pass/PassBase.td"

def NVIDIALowerPrograms : Pass<"nvidia-lower-programs", "::mlir::ModuleOp"> {
  let summary = "Lower tile programs to what the threads of a block do";
  let description = [{
    Adds a nested module `@nvidia` with one kernel per `tile.program`; the programs stay. A kernel's parameters are 64-bit words: per
    view its address and sizes, then the sizes of the grid; a launch has one thread block for each of the program's blocks, in a row.

    Element-wise values are evaluated where they are needed, one element a thread; results of dots and reductions, and what is dear and used twice, are kept
    in shared memory. `tile.dot` of bf16 or f16 becomes `wgmma`, where 128 rows and the architecture have it, else `mma.sync`, over operands staged by `cp.async` where they are plain loads; in f32 it becomes chains of
    fused multiply-adds, in the order that the contract `stable` has on every machine. Kernels carry `threads` and `shared_bytes`.

    Declines a program whose tiles need more shared memory than a block can have, with both numbers.

    Precondition: programs verify and use arith, math, tile, `tensor.splat`, `tensor.extract`, static `tensor.extract_slice`, `scf.for` and `scf.if` only.
  }];
  let options = [
    Option<"sharedBytes", "shared-bytes", "int64_t", /*default=*/"232448", "Shared memory that a block can have">,
    Option<"architecture", "architecture", "std::string", /*default=*/"\"sm_90a\"", "Whose instructions there are, as ptxas names it">,
  ];
  let statistics = [
    Statistic<"numKernels", "kernels", "Number of kernels made">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect"];
}

def NVIDIAConvertToNVVM : Pass<"nvidia-convert-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "Convert lowered kernels to the LLVM and NVVM dialects";
  let description = [{
    Converts a nested module's functions in one conversion, after control flow became branches, and makes them kernels with the number of
    threads that they want. Declines what has no conversion, naming the operation.
  }];
  let dependentDialects = ["::mlir::cf::ControlFlowDialect", "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

#endif
