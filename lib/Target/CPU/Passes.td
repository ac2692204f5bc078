// Passes of the CPU target, in the order they run.
#ifndef GIRIH_LIB_TARGET_CPU_PASSES_TD
#define GIRIH_LIB_TARGET_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def CPULowerPrograms : Pass<"cpu-lower-programs", "::mlir::ModuleOp"> {
  let summary = "Lower tile programs to loops over vectors, once per code version";
  let description = [{
    Adds, for each code version, a nested module of that name with one function per `tile.program`:
    `void kernel(const int64_t *args, const int64_t *block, void *scratch)`. The programs stay.

    A tile never becomes one large vector. Element-wise values are evaluated where they are needed, 16 lanes at a
    time; results of dots and reductions, and what is dear and used twice, are kept in scratch. `tile.dot`
    becomes register-blocked micro-kernels of fused multiply-adds that read packed weights and plain loads in
    place. Rows past the end of the outputs are never computed. Each function carries `scratch_bytes`.

    Precondition: programs verify and use arith, math, tile, `tensor.splat`, `tensor.extract`, static `tensor.extract_slice`, `scf.for` and `scf.if` only.
  }];
  let options = [
    ListOption<"versions", "versions", "std::string", "Code versions to make; default: all (x86-64-v3, x86-64-v4)">,
    Option<"samplingOnly", "sampling-only", "bool", /*default=*/"false",
           "lower the programs that draw tokens alone, for a target that leaves them to the host; without any, add no module">,
  ];
  let statistics = [
    Statistic<"numKernels", "kernels", "Number of functions made">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def CPUApproximateMath : Pass<"cpu-approximate-math", "::mlir::func::FuncOp"> {
  let summary = "Expand transcendental functions to polynomials";
  let description = [{
    Replaces `math.exp`, `math.erf` and `math.tanh` of f32, scalar or vector, with inline polynomials (within 2 ulp
    where the result is normal; `exp` flushes denormal results to zero), the rest with upstream's approximations, and
    conversions to and from bf16 with integer arithmetic, unless the machine has instructions for them. Kernels call nothing, so no libm function may be left.
  }];
  let options = [
    Option<"expandBF16", "expand-bf16", "bool", /*default=*/"true", "Convert to and from bf16 with integer arithmetic">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def CPUConvertToLLVM : Pass<"cpu-convert-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert lowered kernels to the LLVM dialect";
  let description = [{
    Converts a nested module's functions to the LLVM dialect in one conversion, after control flow became branches.
    Declines what has no conversion, naming the operation.
  }];
  let dependentDialects = ["::mlir::cf::ControlFlowDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif
