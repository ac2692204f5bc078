// The `systolic` dialect for its users: dialect, types, operations, and the translation to and from binary programs.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Systolic/SystolicDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Systolic/SystolicTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/Systolic/SystolicOps.h.inc"

namespace girih::systolic {
struct Instruction;
struct Program;

/// The instruction of one operation; addresses are those of its memory operands. `next` and every op but `loop` are complete; a
/// loop's `cols` is the length of its body. Emits an error and fails if the op is none or a field does not fit.
mlir::FailureOr<Instruction> instructionOf(mlir::Operation *op);

/// Writes the program's instructions and registers.
mlir::LogicalResult translateToProgram(ProgramOp op, Program &program);

/// Makes a `systolic.program` named `name` in `module`; its machine stays open. Memory operands are whole memories with the address in the
/// offset. Fails, with an error at `module`, if a loop's body does not end with its next.
mlir::LogicalResult translateFromProgram(const Program &program, llvm::StringRef name, mlir::ModuleOp module);

void registerSystolicTranslations();
} // namespace girih::systolic
