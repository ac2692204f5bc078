// Kernels as they execute: every operand is a row of registers, an element for each lane. Immediates, symbols and special registers are
// rows too: instructions know only rows.
#pragma once

#include "Module.h"

#include <map>

namespace girih::test::ptx {

constexpr unsigned kLanes = 32, kMaxOperands = 16;
constexpr uint32_t kAllLanes = ~0u;
/// Where the window of shared memory starts: an address of 0 is nobody's.
constexpr uint64_t kSharedBase = 1024;

class Warp;
struct Instruction;
/// Does the instruction for the lanes in `mask`, of which there is at least one.
using Run = void (*)(Warp &warp, const Instruction &instruction, uint32_t mask);

/// How an instruction takes part in control flow. `Together`: the lanes that must execute it do so at once; who comes first waits.
enum class Flow : uint8_t { Plain, Together, Branch, Exit, Barrier };

struct Instruction {
  Run run = nullptr;
  uint32_t guard = 0; // row of the predicate
  bool unless = false;
  Flow flow = Flow::Plain;
  uint16_t code = 0;         // what the table says besides, see its entries
  uint32_t target = 0;       // of a branch
  int64_t constants[3] = {}; // in their order: offsets of addresses, and operands that must be constants
  uint8_t widths[kMaxOperands] = {};
  uint32_t rows[kMaxOperands] = {}; // offsets in the registers of a warp
};

/// Rows that do not depend on the instruction stream.
enum class Special : uint8_t { TidX, TidY, TidZ, CtaidX, CtaidY, CtaidZ, NtidX, NtidY, NtidZ, NctaidX, NctaidY, NctaidZ, WarpId };
constexpr unsigned kSpecials = 13;

struct Source {
  uint32_t line;
  std::string text;
};

struct Kernel {
  std::string name;
  std::vector<Instruction> code;
  std::vector<Source> sources; // of each instruction
  std::vector<uint32_t> parameters;
  Dim3 requiredBlock = {0, 0, 0};
  uint64_t maxThreads = 1024;
  uint64_t staticShared = 0;
  std::vector<uint8_t> registers; // as every warp starts: zeros, and the rows of constants
  uint32_t specials[kSpecials] = {};
};

/// A way to write an instruction. `operands` lists them: `o4` a register of four bytes that is written, `i4` one that is read or a constant,
/// `o0`, `i0` of any width, `p`, `q` predicates written and read, `a` an address, `m` a parameter, `n` a constant, `l` a label; braces
/// and `|` stand for themselves.
struct Entry {
  std::string operands;
  Run run = nullptr;
  Flow flow = Flow::Plain;
  uint16_t code = 0;
};

/// The instructions that are known; several entries of a name are forms of it.
class Table {
public:
  static const Table &get();
  void add(std::string name, Entry entry) { entries[std::move(name)].push_back(std::move(entry)); }
  const std::vector<Entry> *find(const std::string &name) const;

private:
  std::map<std::string, std::vector<Entry>> entries;
};

void addIntegers(Table &table);
void addFloats(Table &table);
void addComparisons(Table &table);
void addConversions(Table &table);
void addMemory(Table &table);
void addWarpInstructions(Table &table);
void addMatrices(Table &table);

} // namespace girih::test::ptx
