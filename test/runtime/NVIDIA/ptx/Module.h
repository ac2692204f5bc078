// PTX that runs on the host: the oracle for kernels where there is no GPU. A module is parsed into rows of registers and one function for
// every instruction; a launch executes its blocks exactly (IEEE arithmetic, one rounding an instruction) and refuses what hardware hides or
// shows only sometimes: races in shared memory, barriers that a part of a warp misses, copies that nobody waited for, misaligned addresses.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace girih::test::ptx {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
};

/// Device memory as who owns it knows it. Addresses that kernels compute need not be those of the host.
class Memory {
public:
  /// One allocation: its bytes from `address` lie at `data`.
  struct Range {
    uint64_t address = 0, bytes = 0;
    uint8_t *data = nullptr;
  };
  virtual ~Memory() = default;
  /// The allocation that `address` lies in, or none. Threads of the host may ask at once.
  virtual bool find(uint64_t address, Range &range) const = 0;
};

struct Launch {
  Dim3 grid, block;
  uint64_t sharedBytes = 0;              // dynamic, besides what the module declares
  std::span<const uint64_t> parameters;  // a word each, whatever its size
  bool races = true;                     // whether accesses of shared memory are checked
  unsigned threads = 1;                  // of the host, which share the blocks
  uint64_t maxInstructions = 4000000000; // of one block's warps together: what takes more is taken for endless
};

struct Kernel;

class Module {
public:
  /// Null, with the first line that was not understood in `error`.
  static std::unique_ptr<Module> parse(std::string_view text, std::string &error);
  ~Module();
  const Kernel *find(std::string_view name) const;
  /// The names in the order of the text.
  std::vector<std::string> kernels() const;

private:
  Module();
  std::vector<std::unique_ptr<Kernel>> all;
};

/// How many parameters the kernel takes, and the bytes of each.
std::span<const uint32_t> parameterBytes(const Kernel &kernel);

/// False with a sentence in `error` that names the kernel, the line of the PTX, the block and the thread.
bool launch(const Kernel &kernel, const Launch &how, const Memory &memory, std::string &error);

} // namespace girih::test::ptx
