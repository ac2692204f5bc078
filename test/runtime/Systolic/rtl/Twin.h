// Runs programs of the systolic machine on its twin in SystemVerilog and on the simulator, and compares what
// they did.
#pragma once

#include "runtime/Systolic/Simulator.h"

#include <string>
#include <tuple>

namespace girih::systolic::twin {

/// Sizes that are wires of this build of the twin.
extern const int64_t kRows, kColumns, kArrays;
/// The twin's memories are of these sizes; machines must not have larger ones.
constexpr int64_t kPadBytes = 8192, kAccumulatorBytes = 4096, kDramBytes = 32768, kMaxCode = 2048;
/// Figures of a machine may not be larger than these.
constexpr int64_t kMaxBanks = 8, kMaxQueue = 8, kMaxInFlight = 4, kMaxBusBytes = 16, kMaxPortBytes = 32,
                  kLeastEighths = 4;

/// What an instruction did: its index and the cycles in which it was dispatched, issued and retired.
struct Event {
  int64_t index, dispatch, issue, retire;
  auto operator<=>(const Event &) const = default;
};

struct Outcome {
  bool halted = false;
  std::string fault;
  int64_t cycles = 0;
  std::vector<Event> events; // sorted
  std::array<int64_t, kRegisters> registers = {};
  std::vector<uint8_t> scratchpad, dram;
  std::vector<std::vector<uint8_t>> accumulators;
};

/// A machine with this build's arrays and the twin's memories; everything else as edge16 has it.
Machine plainMachine();
/// Why the twin cannot be this machine; empty if it can.
std::string unfit(const Machine &machine);

Outcome simulate(const Machine &machine, const Program &program, bool data = true);
/// With the number of a rule of controls.svh the twin breaks that rule. Gives up after `limit` cycles.
Outcome run(const Machine &machine, const Program &program, int control, int64_t limit);
/// The first difference in words; empty if there is none. `data` says whether memories count.
std::string difference(const Outcome &expected, const Outcome &got, bool data = true);

struct Control {
  int number;
  std::string name, meaning;
};
/// The rules that controls.svh lists.
std::vector<Control> controls();

} // namespace girih::systolic::twin
