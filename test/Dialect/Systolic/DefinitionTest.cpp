// Proves that the dialect and SystolicISA.def say the same: each opcode has its op and each op its opcode, with the same fields and
// flags.
#include "dialects/Systolic/Systolic.h"
#include "girih-runtime/SystolicISA.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <set>

namespace sys = girih::systolic;

/// The attributes that the definition gives an op.
static std::set<std::string> attributesOf(const sys::OpInfo &info) {
  std::set<std::string> names = {"wait_counts", "signal_counts", "operandSegmentSizes"};
  using sys::Field;
  for (unsigned f = unsigned(Field::fn); f != sys::kFields; ++f) {
    Field field = Field(f);
    if (!(info.fields >> f & 1) || field == Field::flags || (field >= Field::wait0 && field <= Field::signal1))
      continue;
    bool memory = (field == Field::dst || field == Field::a || field == Field::b) && info.op != sys::Op::next;
    if (!(info.op == sys::Op::loop && field == Field::cols)) // the length of the region
      names.insert(std::string(sys::fieldInfo(field).name) + (memory ? "_offset" : ""));
  }
  for (unsigned bit = 0; bit != 8; ++bit)
    if (const char *flag = sys::flagName(info.op, bit))
      names.insert(flag);
  return names;
}

TEST(SystolicDefinition, OpsAndOpcodesAgree) {
  mlir::MLIRContext context;
  context.loadDialect<sys::SystolicDialect>();
  std::set<std::string> ops;
  for (mlir::RegisteredOperationName op : context.getRegisteredOperationsByDialect("systolic"))
    ops.insert(op.stripDialect().str());
  for (const char *structure : {"program", "scratchpad", "accumulator", "semaphore"})
    EXPECT_EQ(ops.erase(structure), 1u) << structure;
  for (unsigned code = 0; code != 256; ++code) {
    const sys::OpInfo *info = sys::opInfo(code);
    if (!info)
      continue;
    ASSERT_EQ(ops.erase(info->name), 1u) << info->name;
    auto registered = mlir::RegisteredOperationName::lookup(("systolic." + std::string(info->name)), &context);
    std::set<std::string> names;
    for (mlir::StringAttr name : registered->getAttributeNames())
      names.insert(name.str());
    EXPECT_EQ(names, attributesOf(*info)) << info->name;
  }
  EXPECT_EQ(ops, std::set<std::string>()) << "ops without an opcode";
}
