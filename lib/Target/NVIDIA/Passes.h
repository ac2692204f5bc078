// Passes of the NVIDIA target.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

namespace girih::nvidia {
#define GEN_PASS_DECL
#include "lib/Target/NVIDIA/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "lib/Target/NVIDIA/Passes.h.inc"

/// The nested module of kernels, and what lowered kernels say about themselves.
inline constexpr llvm::StringLiteral kModule = "nvidia";
inline constexpr llvm::StringLiteral kThreadsAttr = "threads", kSharedBytesAttr = "shared_bytes";
/// The symbol of a block's dynamic shared memory.
inline constexpr llvm::StringLiteral kShared = "shared";
} // namespace girih::nvidia
