// Links one kernel's object to flat bytes with JITLink: text and read-only data side by side, every relocation between
// them resolved relative to the program counter. An object that refers to anything outside itself is refused.
#include "lib/Target/CPU/Emit.h"

#include "lib/Support/Error.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h"
#include "llvm/ExecutionEngine/JITLink/x86_64.h"
#include "llvm/ExecutionEngine/Orc/SymbolStringPool.h"

using namespace girih;
using namespace llvm::jitlink;

namespace {

/// Places all segments one after another, as if at an address that no code depends on.
class FlatMemory : public JITLinkMemoryManager {
public:
  static constexpr uint64_t base = 0x10000000;
  std::vector<uint8_t> bytes;

  struct Allocation : InFlightAlloc {
    void abandon(OnAbandonedFunction done) override { done(llvm::Error::success()); }
    void finalize(OnFinalizedFunction done) override { done(FinalizedAlloc(llvm::orc::ExecutorAddr(base))); }
  };

  void allocate(const JITLinkDylib *, LinkGraph &graph, OnAllocatedFunction done) override {
    BasicLayout layout(graph);
    uint64_t size = 0;
    for (auto &[group, segment] : layout.segments()) {
      size = llvm::alignTo(size, std::max<uint64_t>(64, segment.Alignment.value()));
      segment.Addr = llvm::orc::ExecutorAddr(base + size);
      size += segment.ContentSize + segment.ZeroFillSize;
    }
    bytes.assign(size, 0);
    for (auto &[group, segment] : layout.segments())
      segment.WorkingMem = reinterpret_cast<char *>(bytes.data()) + (segment.Addr.getValue() - base);
    if (llvm::Error error = layout.apply())
      return done(std::move(error));
    done(std::make_unique<Allocation>());
  }

  void deallocate(std::vector<FinalizedAlloc> allocations, OnDeallocatedFunction done) override {
    for (FinalizedAlloc &allocation : allocations)
      allocation.release();
    done(llvm::Error::success());
  }
};

/// True for relocations that stay right wherever the bytes are mapped.
bool isRelative(Edge::Kind kind) {
  switch (kind) {
  case x86_64::Delta8:
  case x86_64::Delta32:
  case x86_64::Delta64:
  case x86_64::NegDelta32:
  case x86_64::NegDelta64:
  case x86_64::PCRel32:
  case x86_64::BranchPCRel32:
    return true;
  default:
    return kind < Edge::FirstRelocation;
  }
}

class FlatLink : public JITLinkContext {
public:
  FlatLink(FlatMemory &memory, llvm::StringRef kernel, uint64_t &entry, llvm::Error &failure)
      : JITLinkContext(nullptr), memory(memory), kernel(kernel), entry(entry), failure(failure) {}

  JITLinkMemoryManager &getMemoryManager() override { return memory; }
  void notifyFailed(llvm::Error error) override { failure = llvm::joinErrors(std::move(failure), std::move(error)); }

  void lookup(const LookupMap &symbols, std::unique_ptr<JITLinkAsyncLookupContinuation> done) override {
    if (symbols.empty())
      return done->run(AsyncLookupResult());
    std::string names;
    for (auto &[name, flags] : symbols)
      names += (names.empty() ? "" : ", ") + (*name).str();
    done->run(makeError(ExitStatus::Internal, "kernel-calls-out",
                        "kernel '{0}' refers to '{1}', but kernels call nothing", kernel, names));
  }

  llvm::Error notifyResolved(LinkGraph &graph) override {
    for (Block *block : graph.blocks())
      for (Edge &edge : block->edges())
        if (!isRelative(edge.getKind()))
          return makeError(ExitStatus::Internal, "kernel-not-relative", "kernel '{0}' holds an absolute address ({1})",
                           kernel, graph.getEdgeKindName(edge.getKind()));
    for (Symbol *symbol : graph.defined_symbols())
      if (symbol->hasName() && *symbol->getName() == kernel) {
        entry = symbol->getAddress().getValue() - FlatMemory::base;
        return llvm::Error::success();
      }
    return makeError(ExitStatus::Internal, "kernel-missing", "the object of kernel '{0}' does not define it", kernel);
  }

  void notifyFinalized(JITLinkMemoryManager::FinalizedAlloc allocation) override { allocation.release(); }

private:
  FlatMemory &memory;
  llvm::StringRef kernel;
  uint64_t &entry;
  llvm::Error &failure;
};

} // namespace

llvm::Expected<cpu::LinkedKernel> cpu::linkFlat(llvm::ArrayRef<uint8_t> object, llvm::StringRef kernel) {
  auto pool = std::make_shared<llvm::orc::SymbolStringPool>();
  llvm::StringRef text(reinterpret_cast<const char *>(object.data()), object.size());
  auto graph = createLinkGraphFromObject(llvm::MemoryBufferRef(text, kernel), pool);
  if (!graph)
    return graph.takeError();
  FlatMemory memory;
  LinkedKernel linked;
  llvm::Error failure = llvm::Error::success();
  link(std::move(*graph), std::make_unique<FlatLink>(memory, kernel, linked.entry, failure));
  if (failure)
    return failure;
  linked.bytes = std::move(memory.bytes);
  return linked;
}
