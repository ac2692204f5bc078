// A driver without a GPU. The device's memory is the host's, mapped twice: what programs get as its address
// cannot be read or written, so a runtime that forgets where memory lies is caught; copies and kernels use
// the other mapping. Streams do what they are given as late as they may, when somebody waits for them.
// Kernels are real PTX, which ptx/ executes, or the C++ ones of ../Kernels.cpp, found by name: PTX is then
// `// stub NAME WORDS`, a cubin `CUBIN NAME WORDS`; other cubins are refused, as an old driver does. The
// environment variable CUDA_STUB=name=value,... sets up programs: devices, capability, version, memory (MiB),
// or a function and the result with which its first call fails.
#include "CudaStub.h"

#include "../Kernels.h"
#include "ptx/Module.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace girih::test;

namespace {

using Result = int;
using Body = void (*)(const int64_t *, const int64_t *, void *);

struct KernelInfo {
  const char *name;
  Body body;
  uint32_t argWords;
};

struct Allocation {
  uint8_t *alias;
  uint64_t bytes, mapped;
};

struct Loaded {
  std::string name;
  uint32_t words;
  KernelInfo kernel;
  std::unique_ptr<ptx::Module> module;
  const ptx::Kernel *code = nullptr; // of the module; null: the C++ kernel
};

struct Shape {
  uint32_t blocks, threads, sharedBytes;
};

struct Graph {
  std::vector<std::function<Result()>> nodes;
};

struct Stream {
  Graph *capture = nullptr;
  std::vector<std::function<Result()>> pending;
};

struct Event {
  bool recorded = false;
  uint64_t nanoseconds = 0;
};

struct Fault {
  Result result;
  uint64_t skipped;
};

struct World {
  World();
  std::recursive_mutex mutex;
  cuda::Setup setup;
  std::map<std::string, uint64_t> calls, kernels;
  std::map<std::string, Fault> faults;
  uint64_t copiedIn = 0, copiedOut = 0;
  std::string complaints;
  int contexts = 0;
  Result lost = 0;
  std::map<uint64_t, Allocation> memory;
  uint64_t used = 0;
  std::map<uint8_t *, uint64_t> pinned;
  std::set<void *> streams, events, graphs, execs, modules;
  void destroyAll();
};

World &world() {
  static World it;
  return it;
}
int contextOfAll; // its address is the context
thread_local std::vector<void *> current;

const KernelInfo *findKernel(const std::string &name) {
  static const std::vector<KernelInfo> all = [] {
    const uint32_t words[KernelCount] = {4, 6, 3, 4, 4, 9, 28, 7, 9};
    std::vector<KernelInfo> list;
    for (int i = 0; i != KernelCount; ++i)
      list.push_back({kernelNames[i], kernelFunction(Kernel(i)), words[i]});
    return list;
  }();
  for (const KernelInfo &kernel : all)
    if (name == kernel.name)
      return &kernel;
  return nullptr;
}

World::World() {
  const char *text = getenv("CUDA_STUB");
  for (std::string rest = text ? text : ""; !rest.empty();) {
    size_t end = std::min(rest.find(','), rest.size()), equals = std::min(rest.find('='), end);
    std::string name = rest.substr(0, equals);
    long value = equals < end ? atol(rest.c_str() + equals + 1) : 0;
    if (name == "devices")
      setup.devices = int(value);
    else if (name == "capability")
      setup.capability = uint32_t(value);
    else if (name == "version")
      setup.version = int(value);
    else if (name == "memory")
      setup.memory = uint64_t(value) << 20;
    else
      faults[name] = {Result(value), 0};
    rest.erase(0, end + 1);
  }
}

template <typename T> void destroy(std::set<void *> &objects) {
  for (void *object : objects)
    delete static_cast<T *>(object);
  objects.clear();
}

void unmap(uint64_t address, const Allocation &allocation) {
  munmap(allocation.alias, allocation.mapped);
  munmap(reinterpret_cast<void *>(address), allocation.mapped);
}

void World::destroyAll() {
  for (auto &[address, allocation] : memory)
    unmap(address, allocation);
  memory.clear();
  used = 0;
  for (auto &[data, bytes] : pinned)
    free(data);
  pinned.clear();
  destroy<Stream>(streams);
  destroy<Event>(events);
  destroy<Graph>(graphs);
  destroy<Graph>(execs);
  destroy<Loaded>(modules);
}

constexpr Result invalidValue = 1, outOfMemory = 2, invalidContext = 201, invalidHandle = 400, notFound = 500;

/// Counts the call and says whether it fails.
Result enter(const char *function, bool needsContext = true) {
  World &w = world();
  ++w.calls[function];
  if (auto fault = w.faults.find(function); fault != w.faults.end() && fault->second.skipped-- == 0) {
    Result result = fault->second.result;
    w.faults.erase(fault);
    return result;
  }
  if (needsContext && current.empty())
    return invalidContext;
  return needsContext ? w.lost : 0;
}

#define ENTER(...)                                                                                           \
  std::lock_guard lock(world().mutex);                                                                       \
  if (Result result = enter(__func__, ##__VA_ARGS__))                                                        \
    return result;

/// Where `bytes` at an address of the device really lie; null if they are not all in one allocation.
uint8_t *alias(uint64_t address, uint64_t bytes) {
  auto after = world().memory.upper_bound(address);
  if (after == world().memory.begin())
    return nullptr;
  auto &[start, allocation] = *std::prev(after);
  uint64_t offset = address - start;
  return offset <= allocation.bytes && bytes <= allocation.bytes - offset ? allocation.alias + offset
                                                                          : nullptr;
}

bool isPinned(const void *data, uint64_t bytes) {
  auto *start = static_cast<uint8_t *>(const_cast<void *>(data));
  auto after = world().pinned.upper_bound(start);
  if (after == world().pinned.begin())
    return false;
  auto &[base, size] = *std::prev(after);
  return uint64_t(start - base) <= size && bytes <= size - uint64_t(start - base);
}

/// Does it when somebody waits for the stream, as late as it may be, or when the recording is played.
Result submit(void *stream, std::function<Result()> work) {
  if (!world().streams.contains(stream))
    return invalidHandle;
  auto *found = static_cast<Stream *>(stream);
  (found->capture ? found->capture->nodes : found->pending).push_back(std::move(work));
  return 0;
}

Result complete(void *stream) {
  for (const auto &work : std::exchange(static_cast<Stream *>(stream)->pending, {}))
    if (Result result = world().lost ? world().lost : work())
      return result;
  return world().lost;
}

/// Freeing memory waits for all that may use it.
void completeAll() {
  for (void *stream : world().streams)
    complete(stream);
}

bool isCapturing(void *stream) { return static_cast<Stream *>(stream)->capture != nullptr; }

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1000000000 + uint64_t(time.tv_nsec);
}

/// The device's memory, for kernels in PTX.
class DeviceMemory : public ptx::Memory {
public:
  bool find(uint64_t address, Range &range) const override {
    auto after = world().memory.upper_bound(address);
    if (after == world().memory.begin())
      return false;
    auto &[start, allocation] = *std::prev(after);
    range = {start, allocation.bytes, allocation.alias};
    return address - start < allocation.bytes;
  }
};

/// What the hardware would do, and what it need not notice: either stops the context, and why is printed.
Result runPtx(const Loaded &loaded, const std::vector<int64_t> &words, const Shape &shape) {
  std::vector<uint64_t> parameters(words.begin(), words.end());
  ptx::Launch launch;
  launch.grid.x = shape.blocks;
  launch.block.x = shape.threads;
  launch.sharedBytes = shape.sharedBytes;
  launch.parameters = parameters;
  launch.threads = 2;
  std::string error;
  if (ptx::launch(*loaded.code, launch, DeviceMemory(), error))
    return 0;
  fprintf(stderr, "the tests' driver: %s\n", error.c_str());
  return world().lost = 700;
}

Result runBody(const Loaded &loaded, const std::vector<int64_t> &words, uint64_t blocks) {
  std::vector<int64_t> args = words;
  for (int64_t &word : args)
    if (uint8_t *data = alias(uint64_t(word), 1))
      word = reinterpret_cast<int64_t>(data);
  uint32_t rank = loaded.words - loaded.kernel.argWords;
  const int64_t *grid = args.data() + loaded.kernel.argWords;
  alignas(64) static thread_local uint8_t scratch[1 << 14];
  for (uint64_t i = 0; i != blocks; ++i) {
    int64_t block[4] = {};
    uint64_t rest = i;
    for (uint32_t d = rank; d-- != 0; rest /= uint64_t(grid[d]))
      block[d] = int64_t(rest % uint64_t(grid[d]));
    loaded.kernel.body(args.data(), block, scratch);
  }
  return 0;
}

Result runKernel(const Loaded &loaded, const std::vector<int64_t> &words, const Shape &shape) {
  World &w = world();
  ++w.kernels[loaded.name];
  ++w.calls["kernel"];
  if (auto fault = w.faults.find("kernel"); fault != w.faults.end() && fault->second.skipped-- == 0) {
    w.lost = fault->second.result;
    w.faults.erase(fault);
    return 0;
  }
  return loaded.code ? runPtx(loaded, words, shape) : runBody(loaded, words, shape.blocks);
}

/// One kernel of a module in PTX; null where the text is not understood.
std::unique_ptr<Loaded> parsePtx(const char *text) {
  std::string error;
  std::unique_ptr<ptx::Module> module = ptx::Module::parse(text, error);
  if (!module || module->kernels().size() != 1) {
    fprintf(stderr, "the tests' driver: %s\n", module ? "expected PTX of one kernel" : error.c_str());
    return nullptr;
  }
  auto loaded = std::make_unique<Loaded>();
  loaded->name = module->kernels().front();
  loaded->code = module->find(loaded->name);
  loaded->words = uint32_t(ptx::parameterBytes(*loaded->code).size());
  loaded->module = std::move(module);
  return loaded;
}

} // namespace

#define STUB extern "C" CUDA_STUB_API Result

//===-- The driver
//-------------------------------------------------------------------------------------------------===//

STUB cuInit(unsigned) {
  ENTER(false);
  return 0;
}
STUB cuDriverGetVersion(int *version) { return *version = world().setup.version, 0; }
STUB cuGetErrorName(Result result, const char **name) {
  static const std::map<Result, const char *> names = {{1, "CUDA_ERROR_INVALID_VALUE"},
                                                       {2, "CUDA_ERROR_OUT_OF_MEMORY"},
                                                       {100, "CUDA_ERROR_NO_DEVICE"},
                                                       {201, "CUDA_ERROR_INVALID_CONTEXT"},
                                                       {209, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
                                                       {218, "CUDA_ERROR_INVALID_PTX"},
                                                       {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"},
                                                       {400, "CUDA_ERROR_INVALID_HANDLE"},
                                                       {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
                                                       {719, "CUDA_ERROR_LAUNCH_FAILED"}};
  auto found = names.find(result);
  *name = found == names.end() ? nullptr : found->second;
  return found == names.end() ? invalidValue : 0;
}
STUB cuGetErrorString(Result, const char **text) { return *text = "as the stub was told", 0; }

//===-- Device and context
//-----------------------------------------------------------------------------------------===//

STUB cuDeviceGetCount(int *count) {
  ENTER(false);
  return *count = world().setup.devices, 0;
}
STUB cuDeviceGet(int *device, int ordinal) {
  ENTER(false);
  return ordinal < world().setup.devices ? (*device = ordinal, 0) : 101;
}
STUB cuDeviceGetName(char *name, int bytes, int) { return snprintf(name, size_t(bytes), "NVIDIA Stub"), 0; }
STUB cuDeviceGetAttribute(int *value, int attribute, int) {
  uint32_t capability = world().setup.capability;
  *value = attribute == 75   ? int(capability / 10)
           : attribute == 76 ? int(capability % 10)
           : attribute == 97 ? 227 << 10
                             : 4;
  return 0;
}
STUB cuDevicePrimaryCtxRetain(void **context, int) {
  ENTER(false);
  ++world().contexts;
  return *context = &contextOfAll, 0;
}
/// The last one takes all with it that is left, and what went wrong.
STUB cuDevicePrimaryCtxRelease_v2(int) {
  ENTER(false);
  if (--world().contexts != 0)
    return 0;
  if (std::string left = cuda::alive(); !world().lost && !left.empty())
    world().complaints += "the context goes, but there are " + left;
  world().destroyAll();
  return world().lost = 0;
}
STUB cuCtxPushCurrent_v2(void *context) {
  ENTER(false);
  if (context != &contextOfAll)
    return invalidContext;
  return current.push_back(context), 0;
}
STUB cuCtxPopCurrent_v2(void **context) {
  ENTER(false);
  if (current.empty())
    return invalidContext;
  *context = current.back();
  return current.pop_back(), 0;
}

//===-- Memory
//-----------------------------------------------------------------------------------------------------===//

STUB cuMemGetInfo_v2(size_t *freeBytes, size_t *totalBytes) {
  ENTER();
  *totalBytes = world().setup.memory;
  *freeBytes = world().setup.memory - std::min(world().used, world().setup.memory);
  return 0;
}
STUB cuMemAlloc_v2(unsigned long long *address, size_t bytes) {
  ENTER();
  World &w = world();
  if (bytes == 0)
    return invalidValue;
  if (w.used + bytes > w.setup.memory)
    return outOfMemory;
  uint64_t mapped = (bytes + 4095) / 4096 * 4096;
  int file = memfd_create("device", 0);
  if (file < 0 || ftruncate(file, off_t(mapped)) != 0)
    return outOfMemory;
  void *real = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  void *shown = mmap(nullptr, mapped, PROT_NONE, MAP_SHARED, file, 0);
  close(file);
  memset(real, 0xcd, mapped); // whatever was there before
  *address = reinterpret_cast<uint64_t>(shown);
  w.memory[*address] = {static_cast<uint8_t *>(real), bytes, mapped};
  w.used += bytes;
  return 0;
}
STUB cuMemFree_v2(unsigned long long address) {
  ENTER();
  World &w = world();
  completeAll();
  auto found = w.memory.find(address);
  if (found == w.memory.end())
    return invalidValue;
  unmap(address, found->second);
  w.used -= found->second.bytes;
  w.memory.erase(found);
  return 0;
}
STUB cuMemHostAlloc(void **data, size_t bytes, unsigned) {
  ENTER();
  *data = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  world().pinned[static_cast<uint8_t *>(*data)] = bytes;
  return 0;
}
STUB cuMemFreeHost(void *data) {
  ENTER();
  completeAll();
  if (!world().pinned.erase(static_cast<uint8_t *>(data)))
    return invalidValue;
  return free(data), 0;
}
STUB cuMemcpyHtoDAsync_v2(unsigned long long to, const void *from, size_t bytes, void *stream) {
  ENTER();
  uint8_t *target = alias(to, bytes);
  if (!target || bytes == 0)
    return invalidValue;
  if (isCapturing(stream) && !isPinned(from, bytes))
    world().complaints += "a copy to the device from memory that is not pinned is recorded; ";
  std::vector<uint8_t> staged; // what is not pinned is read before the call returns
  if (!isPinned(from, bytes))
    staged.assign(static_cast<const uint8_t *>(from), static_cast<const uint8_t *>(from) + bytes);
  return submit(stream, [=] {
    world().copiedIn += bytes;
    return memcpy(target, staged.empty() ? from : staged.data(), bytes), 0;
  });
}
STUB cuMemcpyDtoHAsync_v2(void *to, unsigned long long from, size_t bytes, void *stream) {
  ENTER();
  uint8_t *source = alias(from, bytes);
  if (!source || bytes == 0)
    return invalidValue;
  if (isCapturing(stream) && !isPinned(to, bytes))
    world().complaints += "a copy from the device to memory that is not pinned is recorded; ";
  return submit(stream, [=] {
    world().copiedOut += bytes;
    return memcpy(to, source, bytes), 0;
  });
}
STUB cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from, size_t bytes, void *stream) {
  ENTER();
  uint8_t *target = alias(to, bytes), *source = alias(from, bytes);
  if (!target || !source || bytes == 0)
    return invalidValue;
  return submit(stream, [=] { return memcpy(target, source, bytes), 0; });
}
STUB cuMemsetD8Async(unsigned long long to, unsigned char value, size_t bytes, void *stream) {
  ENTER();
  uint8_t *target = alias(to, bytes);
  if (!target)
    return invalidValue;
  return submit(stream, [=] { return memset(target, value, bytes), 0; });
}

//===-- Streams, graphs and events
//---------------------------------------------------------------------------------===//

STUB cuStreamCreate(void **stream, unsigned) {
  ENTER();
  *stream = new Stream;
  return world().streams.insert(*stream), 0;
}
STUB cuStreamDestroy_v2(void *stream) {
  ENTER();
  if (!world().streams.contains(stream))
    return invalidHandle;
  complete(stream);
  world().streams.erase(stream);
  return delete static_cast<Stream *>(stream), 0;
}
STUB cuStreamSynchronize(void *stream) {
  ENTER();
  if (!world().streams.contains(stream))
    return invalidHandle;
  return isCapturing(stream) ? 900 : complete(stream);
}
STUB cuStreamBeginCapture_v2(void *stream, int) {
  ENTER();
  if (!world().streams.contains(stream) || isCapturing(stream))
    return invalidHandle;
  static_cast<Stream *>(stream)->capture = new Graph;
  return 0;
}
/// The recording ends even if it failed.
STUB cuStreamEndCapture(void *stream, void **graph) {
  std::lock_guard lock(world().mutex);
  if (!world().streams.contains(stream) || !isCapturing(stream))
    return invalidHandle;
  Graph *captured = std::exchange(static_cast<Stream *>(stream)->capture, nullptr);
  if (Result result = enter(__func__)) {
    delete captured;
    return result;
  }
  *graph = captured;
  return world().graphs.insert(*graph), 0;
}
STUB cuGraphInstantiateWithFlags(void **exec, void *graph, unsigned long long) {
  ENTER();
  if (!world().graphs.contains(graph))
    return invalidHandle;
  *exec = new Graph(*static_cast<Graph *>(graph));
  return world().execs.insert(*exec), 0;
}
STUB cuGraphDestroy(void *graph) {
  ENTER();
  if (!world().graphs.erase(graph))
    return invalidHandle;
  return delete static_cast<Graph *>(graph), 0;
}
STUB cuGraphExecDestroy(void *exec) {
  ENTER();
  if (!world().execs.erase(exec))
    return invalidHandle;
  return delete static_cast<Graph *>(exec), 0;
}
STUB cuGraphLaunch(void *exec, void *stream) {
  ENTER();
  if (!world().execs.contains(exec) || !world().streams.contains(stream) || isCapturing(stream))
    return invalidHandle;
  for (const auto &node : static_cast<Graph *>(exec)->nodes)
    submit(stream, node);
  return 0;
}
STUB cuEventCreate(void **event, unsigned) {
  ENTER();
  *event = new Event;
  return world().events.insert(*event), 0;
}
STUB cuEventDestroy_v2(void *event) {
  ENTER();
  if (!world().events.erase(event))
    return invalidHandle;
  return delete static_cast<Event *>(event), 0;
}
STUB cuEventRecordWithFlags(void *event, void *stream, unsigned flags) {
  ENTER();
  if (!world().events.contains(event))
    return invalidHandle;
  if (world().streams.contains(stream) && isCapturing(stream) != (flags == 1))
    world().complaints += "an event has the flag of a recording where there is none, or lacks it; ";
  return submit(stream, [=] {
    auto *found = static_cast<Event *>(event);
    found->recorded = true;
    found->nanoseconds = now();
    return 0;
  });
}
STUB cuEventElapsedTime(float *milliseconds, void *begin, void *end) {
  ENTER();
  auto *first = static_cast<Event *>(begin), *last = static_cast<Event *>(end);
  if (!first->recorded || !last->recorded)
    return invalidHandle;
  *milliseconds = float(double(last->nanoseconds) - double(first->nanoseconds)) / 1e6f;
  return 0;
}

//===-- Kernels
//----------------------------------------------------------------------------------------------------===//

STUB cuModuleLoadDataEx(void **module, const void *image, unsigned, int *, void **) {
  ENTER();
  char name[64] = "";
  unsigned words = 0;
  const char *text = static_cast<const char *>(image);
  bool isCubin = strncmp(text, "CUBIN ", 6) == 0 || strncmp(text,
                                                            "\x7f"
                                                            "ELF",
                                                            4) == 0;
  if (!isCubin)
    ++world().calls["jit"];
  if (!isCubin && world().setup.version < 13000)
    return 222;
  std::unique_ptr<Loaded> loaded;
  if (sscanf(text, isCubin ? "CUBIN %63s %u" : "// stub %63s %u", name, &words) == 2) {
    const KernelInfo *kernel = findKernel(name);
    if (kernel && words >= kernel->argWords && words <= kernel->argWords + 4)
      loaded.reset(new Loaded{name, words, *kernel, nullptr});
  } else if (!isCubin) {
    loaded = parsePtx(text);
  }
  if (!loaded)
    return isCubin ? 200 : 218;
  *module = loaded.release();
  return world().modules.insert(*module), 0;
}
STUB cuModuleUnload(void *module) {
  ENTER();
  if (!world().modules.erase(module))
    return invalidHandle;
  return delete static_cast<Loaded *>(module), 0;
}
STUB cuModuleGetFunction(void **function, void *module, const char *name) {
  ENTER();
  if (!world().modules.contains(module))
    return invalidHandle;
  if (strcmp(static_cast<Loaded *>(module)->name.c_str(), name) != 0)
    return notFound;
  return *function = module, 0;
}
STUB cuFuncSetAttribute(void *function, int attribute, int value) {
  ENTER();
  return world().modules.contains(function) && attribute == 8 && value <= 227 << 10 ? 0 : invalidValue;
}
STUB cuLaunchKernel(void *function, unsigned x, unsigned y, unsigned z, unsigned threads, unsigned, unsigned,
                    unsigned shared, void *stream, void **parameters, void **) {
  ENTER();
  if (!world().modules.contains(function))
    return invalidHandle;
  if (x == 0 || y != 1 || z != 1 || threads == 0 || threads > 1024 || shared > 227 << 10 || !parameters)
    return invalidValue;
  auto *loaded = static_cast<Loaded *>(function);
  std::vector<int64_t> words;
  for (uint32_t i = 0; i != loaded->words; ++i)
    words.push_back(*static_cast<int64_t *>(parameters[i]));
  return submit(stream, [=] { return runKernel(*loaded, words, {x, threads, shared}); });
}

//===-- Control
//----------------------------------------------------------------------------------------------------===//

void cuda::reset(const Setup &setup) {
  World &w = world();
  std::lock_guard lock(w.mutex);
  w.setup = setup;
  w.calls.clear();
  w.kernels.clear();
  w.faults.clear();
  w.copiedIn = w.copiedOut = 0;
  w.complaints.clear();
}

void cuda::fail(const std::string &function, int result, uint64_t skipped) {
  std::lock_guard lock(world().mutex);
  world().faults[function] = {result, skipped};
}

static uint64_t countOf(const std::map<std::string, uint64_t> &counts, const std::string &name) {
  std::lock_guard lock(world().mutex);
  auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

uint64_t cuda::calls(const std::string &function) { return countOf(world().calls, function); }
uint64_t cuda::kernels(const std::string &name) { return countOf(world().kernels, name); }
uint64_t cuda::copiedIn() { return world().copiedIn; }
uint64_t cuda::copiedOut() { return world().copiedOut; }
std::string cuda::complaints() { return world().complaints; }

std::string cuda::alive() {
  World &w = world();
  std::lock_guard lock(w.mutex);
  std::string text;
  for (auto [name, count] : {std::pair<const char *, size_t>{"contexts", size_t(w.contexts)},
                             {"allocations", w.memory.size()},
                             {"pinned blocks", w.pinned.size()},
                             {"streams", w.streams.size()},
                             {"events", w.events.size()},
                             {"graphs", w.graphs.size() + w.execs.size()},
                             {"modules", w.modules.size()},
                             {"current contexts", current.size()}})
    if (count)
      text += std::to_string(count) + " " + name + "; ";
  return text;
}
