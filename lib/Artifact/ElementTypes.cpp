// The two directions of one table.
#include "lib/Artifact/ElementTypes.h"

#include "girih-runtime/Format.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace girih;

uint32_t artifact::elementCode(Type type) {
  if (type.isF32())
    return GIRIH_F32;
  if (type.isBF16())
    return GIRIH_BF16;
  if (type.isF16())
    return GIRIH_F16;
  if (type.isInteger(32))
    return GIRIH_I32;
  return type.isInteger(8) ? GIRIH_I8 : GIRIH_I1;
}

Type artifact::elementType(MLIRContext &context, uint32_t code) {
  Builder builder(&context);
  switch (code) {
  case GIRIH_F32:
    return builder.getF32Type();
  case GIRIH_BF16:
    return builder.getBF16Type();
  case GIRIH_F16:
    return builder.getF16Type();
  case GIRIH_I32:
    return builder.getI32Type();
  case GIRIH_I8:
    return builder.getI8Type();
  default:
    return builder.getI1Type();
  }
}
