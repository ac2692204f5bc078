// girih-translate's doors to the dialect: to a binary program, to assembly, and back from either.
#include "dialects/Systolic/Systolic.h"
#include "runtime/Systolic/Program.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Tools/mlir-translate/Translation.h"

namespace sys = girih::systolic;
using namespace mlir;

static LogicalResult onlyProgram(Operation *op, sys::Program &program) {
  auto module = dyn_cast<ModuleOp>(op);
  SmallVector<sys::ProgramOp> programs;
  if (module)
    llvm::append_range(programs, module.getOps<sys::ProgramOp>());
  if (programs.size() != 1)
    return op->emitError() << "expected a module with one systolic.program, but found " << programs.size();
  return sys::translateToProgram(programs.front(), program);
}

static LogicalResult toBinary(Operation *op, raw_ostream &out) {
  sys::Program program;
  if (failed(onlyProgram(op, program)))
    return failure();
  std::vector<uint8_t> bytes = sys::writeProgram(program);
  out.write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  return success();
}

static LogicalResult toAssembly(Operation *op, raw_ostream &out) {
  sys::Program program;
  if (failed(onlyProgram(op, program)))
    return failure();
  out << sys::disassemble(program);
  return success();
}

static OwningOpRef<Operation *> fromProgram(StringRef text, MLIRContext *context) {
  context->loadDialect<sys::SystolicDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  sys::Program program;
  std::string error;
  std::string_view view(text.data(), text.size());
  bool read = sys::isBinaryProgram(view) ? sys::readProgram(reinterpret_cast<const uint8_t *>(text.data()), text.size(), program, error)
                                         : sys::assemble(view, "input", program, error);
  if (!read) {
    module->emitError() << error;
    return {};
  }
  if (size_t left = program.memory.size() + program.expected.size() + program.shapes.size())
    module->emitWarning() << left
                          << " directives .dram, .random, .expect and .gemm are left out, because the "
                             "dialect has instructions and registers alone";
  if (failed(sys::translateFromProgram(program, "main", *module)))
    return {};
  return OwningOpRef<Operation *>(module.release());
}

void sys::registerSystolicTranslations() {
  auto dialects = [](DialectRegistry &registry) { registry.insert<sys::SystolicDialect>(); };
  static TranslateFromMLIRRegistration binary("systolic-to-binary", "a binary program of the systolic machine", toBinary, dialects);
  static TranslateFromMLIRRegistration assembly("systolic-to-assembly", "assembly of the systolic machine", toAssembly, dialects);
  static TranslateToMLIRRegistration import("import-systolic", "the systolic dialect from assembly or a binary program", fromProgram, dialects);
}
