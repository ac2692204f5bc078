// Passes of the CPU target.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace girih::cpu {
#define GEN_PASS_DECL
#include "lib/Target/CPU/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "lib/Target/CPU/Passes.h.inc"
} // namespace girih::cpu
