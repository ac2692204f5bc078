// The `systolic` dialect itself: registration of its types and operations.
#include "dialects/Systolic/Systolic.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace girih::systolic;

#include "dialects/Systolic/SystolicDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Systolic/SystolicTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/Systolic/SystolicOps.cpp.inc"

void SystolicDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Systolic/SystolicTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Systolic/SystolicOps.cpp.inc"
      >();
}
