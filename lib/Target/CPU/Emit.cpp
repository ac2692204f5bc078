// Kernels to machine code: each is translated to its own LLVM module in its own context, so that they compile
// in parallel, then linked flat and laid one after another.
#include "lib/Target/CPU/Emit.h"

#include "lib/Support/Error.h"
#include "lib/Target/CodeGeneration.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

#include <mutex>

using namespace girih;
using namespace girih::cpu;

static std::unique_ptr<llvm::TargetMachine> createMachine(const CodeVersion &version) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    // LLVM 22.1's "X86 Avoid Store Forwarding Blocks" aborts on masked stores whose size it does not know
    // (TypeSize of an unknown location), and kernels gain nothing from it.
    auto &options = llvm::cl::getRegisteredOptions();
    if (auto found = options.find("x86-disable-avoid-SFB"); found != options.end())
      static_cast<llvm::cl::opt<bool> *>(found->second)->setValue(true);
  });
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  llvm::TargetOptions options;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, version.name, version.llvmFeatures, options, llvm::Reloc::PIC_,
                                  llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
}

/// The little that lowered kernels leave to improve: redundant addresses and masks, and what loops do not
/// change.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PassBuilder builder(&machine);
  Analyses analyses(builder);
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(
      llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions()), /*UseMemorySSA=*/true));
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::EarlyCSEPass());
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      passes.run(function, analyses.functions);
}

/// Kernels call nothing but helpers of their own, touch no stack frame of anyone else, and use the widest
/// vectors.
static void setAttributes(llvm::Function &function, const CodeVersion &version) {
  function.addFnAttr(llvm::Attribute::NoUnwind);
  function.addFnAttr("no-builtins");
  function.addFnAttr("min-legal-vector-width", "512");
  function.addFnAttr("prefer-vector-width", "512");
  function.addFnAttr("target-cpu", version.name);
  function.addFnAttr("target-features", version.llvmFeatures);
}

static llvm::Expected<std::vector<uint8_t>>
compileKernel(mlir::LLVM::LLVMFuncOp kernel, const CodeVersion &version, llvm::CodeGenFileType kind) {
  mlir::OwningOpRef<mlir::ModuleOp> single = mlir::ModuleOp::create(kernel.getLoc());
  single->getBody()->push_back(kernel->clone());
  auto all = kernel->getParentOfType<mlir::ModuleOp>();
  mlir::SymbolTable copied(*single);
  kernel.walk([&](mlir::LLVM::CallOp call) {
    if (!copied.lookup(*call.getCallee()))
      copied.insert(all.lookupSymbol(*call.getCallee())->clone());
  });
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      mlir::translateModuleToLLVMIR(*single, context, kernel.getName(), /*disableVerification=*/true);
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(version);
  if (!module || !machine)
    return makeError(ExitStatus::Internal, "codegen-failed",
                     "kernel '{0}' could not be translated to LLVM IR", kernel.getName());
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *module)
    if (!function.isDeclaration())
      setAttributes(function, version);
  optimize(*module, *machine);
  return generateCode(*module, *machine, kind);
}

static llvm::Expected<mlir::ModuleOp> findVersion(mlir::ModuleOp module, const CodeVersion &version) {
  for (mlir::ModuleOp nested : module.getOps<mlir::ModuleOp>())
    if (nested.getName() == version.name)
      return nested;
  return makeError(
      ExitStatus::Compile, "missing-code-version",
      "expected a nested module '@{0}' of lowered kernels, but found none; run the stages vector and llvm",
      version.name);
}

/// The kernels of a version; functions that they call are not visible outside.
static llvm::SmallVector<mlir::LLVM::LLVMFuncOp> kernelsOf(mlir::ModuleOp version) {
  return llvm::filter_to_vector(
      version.getOps<mlir::LLVM::LLVMFuncOp>(),
      [](mlir::LLVM::LLVMFuncOp function) { return function.getLinkage() != mlir::LLVM::Linkage::Internal; });
}

static llvm::Expected<std::vector<std::vector<uint8_t>>>
compileAll(mlir::ModuleOp module, const CodeVersion &version, llvm::CodeGenFileType kind) {
  llvm::Expected<mlir::ModuleOp> nested = findVersion(module, version);
  if (!nested)
    return nested.takeError();
  llvm::SmallVector<mlir::LLVM::LLVMFuncOp> kernels = kernelsOf(*nested);
  std::vector<std::vector<uint8_t>> objects(kernels.size());
  llvm::Error failed = forEachInParallel(kernels.size(), [&](size_t i) -> llvm::Error {
    llvm::Expected<std::vector<uint8_t>> object = compileKernel(kernels[i], version, kind);
    if (!object)
      return object.takeError();
    objects[i] = std::move(*object);
    return llvm::Error::success();
  });
  if (failed)
    return failed;
  return objects;
}

llvm::Expected<std::vector<std::vector<uint8_t>>> cpu::emitObjects(mlir::ModuleOp module,
                                                                   const CodeVersion &version) {
  return compileAll(module, version, llvm::CodeGenFileType::ObjectFile);
}

llvm::Expected<std::string> cpu::emitAssembly(mlir::ModuleOp module, const CodeVersion &version) {
  auto texts = compileAll(module, version, llvm::CodeGenFileType::AssemblyFile);
  if (!texts)
    return texts.takeError();
  std::string all;
  for (const std::vector<uint8_t> &text : *texts)
    all.append(text.begin(), text.end());
  return all;
}

llvm::Expected<KernelImage> cpu::emitImage(mlir::ModuleOp module, const CodeVersion &version) {
  auto objects = emitObjects(module, version);
  if (!objects)
    return objects.takeError();
  KernelImage image;
  image.version = version.name.str();
  for (llvm::StringRef feature : version.cpuFeatures)
    image.features.push_back(feature.str());
  for (auto [i, kernel] : llvm::enumerate(kernelsOf(cantFail(findVersion(module, version))))) {
    llvm::Expected<LinkedKernel> linked = linkFlat((*objects)[i], kernel.getName());
    if (!linked)
      return linked.takeError();
    image.bytes.resize(llvm::alignTo(image.bytes.size(), 64), 0xcc); // int3 between kernels
    auto scratch = kernel->getAttrOfType<mlir::IntegerAttr>("scratch_bytes");
    image.kernels.push_back({kernel.getName().str(), image.bytes.size() + linked->entry,
                             scratch ? scratch.getValue().getZExtValue() : 0});
    image.bytes.insert(image.bytes.end(), linked->bytes.begin(), linked->bytes.end());
  }
  return image;
}
