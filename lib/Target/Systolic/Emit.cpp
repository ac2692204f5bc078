// Lays programs one after another into an image.
#include "lib/Target/Systolic/Emit.h"

#include "dialects/Systolic/Systolic.h"
#include "dialects/Tile/Tile.h"
#include "girih-runtime/SystolicKernel.h"
#include "lib/Support/Error.h"
#include "runtime/Systolic/Program.h"

using namespace mlir;
using namespace girih;

static llvm::Expected<ModuleOp> programsOf(ModuleOp module) {
  if (auto nested = module.lookupSymbol<ModuleOp>("systolic"))
    return nested;
  return makeError(ExitStatus::Internal, "internal",
                   "the module has no programs for the systolic machine; run the stage 'systolic' first");
}

static void append(std::vector<uint8_t> &bytes, const void *data, size_t size) {
  bytes.insert(bytes.end(), static_cast<const uint8_t *>(data), static_cast<const uint8_t *>(data) + size);
}

/// Header, bindings and program, padded to the alignment of the next.
static LogicalResult appendKernel(systolic::ProgramOp op, uint32_t outputs, std::vector<uint8_t> &bytes) {
  systolic::Program program;
  if (failed(systolic::translateToProgram(op, program)))
    return failure();
  std::vector<uint8_t> binary = systolic::writeProgram(program);
  ArrayRef<int64_t> bindings = op.getBindings().value_or(ArrayRef<int64_t>());
  girih_systolic_kernel header = {GIRIH_SYSTOLIC_KERNEL_MAGIC, outputs, uint32_t(bindings.size() / 4), 0,
                                  binary.size()};
  append(bytes, &header, sizeof(header));
  for (size_t i = 0; i + 3 < bindings.size(); i += 4) {
    girih_systolic_binding binding = {uint32_t(bindings[i]), uint32_t(bindings[i + 1]),
                                      uint32_t(bindings[i + 2]), uint32_t(bindings[i + 3])};
    append(bytes, &binding, sizeof(binding));
  }
  append(bytes, binary.data(), binary.size());
  bytes.resize(llvm::alignTo(bytes.size(), 64));
  return success();
}

llvm::Expected<KernelImage> systolic::emitImage(ModuleOp module) {
  llvm::Expected<ModuleOp> programs = programsOf(module);
  if (!programs)
    return programs.takeError();
  KernelImage image;
  image.version = "systolic";
  image.machine = KernelImage::Machine::Systolic;
  for (auto op : programs->getOps<systolic::ProgramOp>()) {
    auto origin = module.lookupSymbol<tile::ProgramOp>(op.getSymName());
    image.kernels.push_back({op.getSymName().str(), image.bytes.size(), 0});
    if (!origin || failed(appendKernel(op, origin.getOutputs(), image.bytes)))
      return makeError(ExitStatus::Compile, "compile-failed", "cannot encode the program '{0}'",
                       op.getSymName());
  }
  return image;
}

llvm::Expected<std::string> systolic::emitAssembly(ModuleOp module) {
  llvm::Expected<ModuleOp> programs = programsOf(module);
  if (!programs)
    return programs.takeError();
  std::string text;
  for (auto op : programs->getOps<systolic::ProgramOp>()) {
    systolic::Program program;
    if (failed(systolic::translateToProgram(op, program)))
      return makeError(ExitStatus::Compile, "compile-failed", "cannot encode the program '{0}'",
                       op.getSymName());
    text += "# " + op.getSymName().str() + "\n" + systolic::disassemble(program);
  }
  return text;
}
