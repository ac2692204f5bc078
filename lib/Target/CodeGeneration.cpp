// LLVM's code generator, as all targets use it.
#include "lib/Target/CodeGeneration.h"

#include "lib/Support/Error.h"
#include "lib/Target/CodeCache.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace girih;

Analyses::Analyses(llvm::PassBuilder &builder) {
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
}

static llvm::Expected<std::vector<uint8_t>> generate(llvm::Module &module, llvm::TargetMachine &machine,
                                                     llvm::CodeGenFileType kind) {
  llvm::SmallVector<char, 0> code;
  llvm::raw_svector_ostream stream(code);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, kind))
    return makeError(ExitStatus::Internal, "codegen-failed", "LLVM cannot write code for {0}",
                     machine.getTargetCPU());
  passes.run(module);
  return std::vector<uint8_t>(code.begin(), code.end());
}

llvm::Expected<std::vector<uint8_t>> girih::generateCode(llvm::Module &module, llvm::TargetMachine &machine,
                                                         llvm::CodeGenFileType kind) {
  llvm::StringRef form = kind == llvm::CodeGenFileType::ObjectFile ? "object" : "assembly";
  std::string options = (form + machine.getTargetCPU() + machine.getTargetFeatureString()).str();
  return generateOnce(module, options, [&] { return generate(module, machine, kind); });
}

llvm::Error girih::forEachInParallel(size_t count, llvm::function_ref<llvm::Error(size_t)> work) {
  llvm::Error first = llvm::Error::success();
  std::mutex mutex;
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(count));
  for (size_t i = 0; i < count; ++i)
    pool.async([&, i] {
      if (llvm::Error error = work(i)) {
        std::lock_guard lock(mutex);
        first = llvm::joinErrors(std::move(first), std::move(error));
      }
    });
  pool.wait();
  return first;
}
