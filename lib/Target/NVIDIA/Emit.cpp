// Kernels to PTX by LLVM's NVPTX back end, each in its own context, so that they compile in parallel; then to
// machine code by ptxas, if the CUDA toolkit is there. What the driver of the machine cannot load as machine
// code, it compiles from the PTX.
#include "lib/Target/NVIDIA/Emit.h"

#include "girih-runtime/NVIDIAKernel.h"
#include "lib/Support/Error.h"
#include "lib/Target/CodeGeneration.h"
#include "lib/Target/NVIDIA/Facts.h"
#include "lib/Target/NVIDIA/Passes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace girih;
using namespace girih::nvidia;
using mlir::LLVM::LLVMFuncOp;

//===- PTX ----------------------------------------------------------------------------------------===//

static std::unique_ptr<llvm::TargetMachine> createMachine(const Facts &facts) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  llvm::TargetOptions options;
  // A product and a sum are rounded each, as everywhere else; where one rounding is meant, the program says
  // fma.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, facts.architecture, "+ptx" + std::to_string(facts.ptx), options,
                                  std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = false;
  llvm::PassBuilder builder(&machine, tuning);
  Analyses analyses(builder);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, analyses.modules);
}

/// The kernel alone, with the shared memory that it names.
static llvm::Expected<std::string> compileKernel(LLVMFuncOp kernel, const Facts &facts) {
  mlir::OwningOpRef<mlir::ModuleOp> single = mlir::ModuleOp::create(kernel.getLoc());
  for (auto global : kernel->getParentOfType<mlir::ModuleOp>().getOps<mlir::LLVM::GlobalOp>())
    single->getBody()->push_back(global->clone());
  single->getBody()->push_back(kernel->clone());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      mlir::translateModuleToLLVMIR(*single, context, kernel.getName(), /*disableVerification=*/true);
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(facts);
  if (!module || !machine)
    return makeError(ExitStatus::Internal, "codegen-failed",
                     "kernel '{0}' could not be translated to LLVM IR", kernel.getName());
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  optimize(*module, *machine);
  auto text = generateCode(*module, *machine, llvm::CodeGenFileType::AssemblyFile);
  if (!text)
    return text.takeError();
  return std::string(text->begin(), text->end());
}

//===- Machine code -------------------------------------------------------------------------------===//

/// Where the CUDA toolkit's assembler is, or nothing: artifacts are complete without.
static std::string findAssembler() {
  llvm::SmallVector<std::string> folders;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (std::optional<std::string> home = llvm::sys::Process::GetEnv(variable))
      folders.push_back(*home + "/bin");
  folders.push_back("/usr/local/cuda/bin");
  llvm::SmallVector<llvm::StringRef> paths(folders.begin(), folders.end());
  if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("ptxas", paths))
    return *found;
  llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("ptxas");
  return found ? *found : "";
}

static llvm::Expected<std::string> readWhole(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return resourceError("cannot-write", "cannot read back '{0}': {1}", path, buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

/// Runs ptxas on files in the folder for temporary ones.
static llvm::Expected<std::string> assemble(const std::string &assembler, llvm::StringRef name,
                                            llvm::StringRef ptx, const Facts &facts) {
  llvm::SmallString<128> input, output, log;
  for (auto [path, suffix] : {std::pair(&input, "ptx"), std::pair(&output, "cubin"), std::pair(&log, "log")})
    if (std::error_code error = llvm::sys::fs::createTemporaryFile("girih", suffix, *path))
      return resourceError("cannot-write", "cannot make a temporary file for ptxas: {0}", error.message());
  llvm::FileRemover removeInput(input), removeOutput(output), removeLog(log);
  std::error_code error;
  llvm::raw_fd_ostream stream(input, error);
  stream << ptx;
  stream.close();
  if (error || stream.has_error())
    return resourceError("cannot-write", "cannot write '{0}': {1}", input,
                         (error ? error : stream.error()).message());
  std::string architecture = "-arch=" + facts.architecture;
  llvm::StringRef arguments[] = {assembler, architecture, "-O3", input, "-o", output};
  std::optional<llvm::StringRef> redirects[] = {"", log.str(), log.str()};
  if (int status = llvm::sys::ExecuteAndWait(assembler, arguments, std::nullopt, redirects)) {
    llvm::Expected<std::string> said = readWhole(log);
    return makeError(ExitStatus::Compile, "ptxas-failed",
                     "{0} refuses kernel '{1}' for {2} (status {3}): {4}", assembler, name,
                     facts.architecture, status,
                     said ? llvm::StringRef(*said).take_front(400).str() : llvm::toString(said.takeError()));
  }
  return readWhole(output);
}

//===- Image --------------------------------------------------------------------------------------===//

namespace {
struct Compiled {
  std::string ptx, cubin;
};
} // namespace

static llvm::Expected<llvm::SmallVector<LLVMFuncOp>> kernelsOf(mlir::ModuleOp module) {
  auto nested = module.lookupSymbol<mlir::ModuleOp>(kModule);
  if (!nested)
    return makeError(ExitStatus::Compile, "missing-code-version",
                     "expected a nested module '@{0}' of lowered kernels, but found none; run the stage nvvm",
                     kModule);
  return llvm::filter_to_vector(nested.getOps<LLVMFuncOp>(),
                                [](LLVMFuncOp function) { return !function.isExternal(); });
}

static llvm::Expected<std::vector<Compiled>> compileAll(llvm::ArrayRef<LLVMFuncOp> kernels,
                                                        const Facts &facts, bool withMachineCode) {
  std::vector<Compiled> all(kernels.size());
  std::string assembler = withMachineCode ? findAssembler() : "";
  llvm::Error failed = forEachInParallel(kernels.size(), [&](size_t i) -> llvm::Error {
    llvm::Expected<std::string> ptx = compileKernel(kernels[i], facts);
    if (!ptx)
      return ptx.takeError();
    all[i].ptx = std::move(*ptx);
    if (assembler.empty())
      return llvm::Error::success();
    llvm::Expected<std::string> cubin =
        assemble(assembler, LLVMFuncOp(kernels[i]).getName(), all[i].ptx, facts);
    if (!cubin)
      return cubin.takeError();
    all[i].cubin = std::move(*cubin);
    return llvm::Error::success();
  });
  if (failed)
    return failed;
  return all;
}

static void append(std::vector<uint8_t> &bytes, const void *data, size_t size) {
  bytes.insert(bytes.end(), static_cast<const uint8_t *>(data), static_cast<const uint8_t *>(data) + size);
  bytes.resize(llvm::alignTo(bytes.size(), 8));
}

static uint32_t attribute(LLVMFuncOp kernel, llvm::StringRef name) {
  auto value = kernel->getAttrOfType<mlir::IntegerAttr>(name);
  return value ? uint32_t(value.getInt()) : 0;
}

/// Whose peak bounds the kernel's arithmetic. Warp groups multiply in inline assembly, which an op waits for.
static uint32_t unitOf(LLVMFuncOp kernel) {
  bool usesTensorCores = false;
  kernel.walk([&](mlir::Operation *op) {
    usesTensorCores |= mlir::isa<mlir::NVVM::MmaOp, mlir::NVVM::WgmmaWaitGroupSyncOp>(op);
  });
  return usesTensorCores ? GIRIH_NVIDIA_BF16 : GIRIH_NVIDIA_F32;
}

static void appendKernel(LLVMFuncOp kernel, const Compiled &compiled, const Facts &facts,
                         std::vector<uint8_t> &bytes) {
  girih_nvidia_kernel header = {};
  header.magic = GIRIH_NVIDIA_KERNEL_MAGIC;
  header.threads = attribute(kernel, kThreadsAttr);
  header.shared_bytes = attribute(kernel, kSharedBytesAttr);
  header.words = kernel.getNumArguments();
  header.capability = facts.capability();
  header.name_bytes = kernel.getName().size() + 1;
  header.is_specific = facts.isSpecific();
  header.unit = unitOf(kernel);
  header.ptx_bytes = compiled.ptx.size() + 1;
  header.cubin_bytes = compiled.cubin.size();
  append(bytes, &header, sizeof(header));
  append(bytes, kernel.getName().str().c_str(), header.name_bytes);
  append(bytes, compiled.ptx.c_str(), header.ptx_bytes);
  append(bytes, compiled.cubin.data(), header.cubin_bytes);
}

llvm::Expected<KernelImage> nvidia::emitImage(mlir::ModuleOp module, const Facts &facts) {
  auto kernels = kernelsOf(module);
  if (!kernels)
    return kernels.takeError();
  auto compiled = compileAll(*kernels, facts, /*withMachineCode=*/true);
  if (!compiled)
    return compiled.takeError();
  KernelImage image;
  image.version = facts.architecture;
  image.machine = KernelImage::Machine::NVIDIA;
  for (auto [kernel, code] : llvm::zip(*kernels, *compiled)) {
    image.kernels.push_back({kernel.getName().str(), image.bytes.size(), 0});
    appendKernel(kernel, code, facts, image.bytes);
  }
  return image;
}

llvm::Expected<std::string> nvidia::emitAssembly(mlir::ModuleOp module, const Facts &facts) {
  auto kernels = kernelsOf(module);
  if (!kernels)
    return kernels.takeError();
  auto compiled = compileAll(*kernels, facts, /*withMachineCode=*/false);
  if (!compiled)
    return compiled.takeError();
  std::string all;
  for (const Compiled &kernel : *compiled)
    all += kernel.ptx;
  return all;
}
