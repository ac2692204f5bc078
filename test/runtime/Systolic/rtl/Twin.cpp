// The test bench: fills the twin's memories, clocks it, and collects what it reports.
#include "Twin.h"

#include "Vtop.h"
#include "Vtop___024root.h"
#include "Vtop_machine.h"

#include <algorithm>
#include <fstream>
#include <regex>

using namespace girih::systolic;
using namespace girih::systolic::twin;

const int64_t twin::kRows = TWIN_ROWS, twin::kColumns = TWIN_COLUMNS, twin::kArrays = TWIN_ARRAYS;

/// machine.sv's facts_t, in its order.
static constexpr int64_t Machine::*kFacts[] = {&Machine::shadow_weights,
                                               &Machine::output_stationary,
                                               &Machine::scratchpad_bytes,
                                               &Machine::scratchpad_banks,
                                               &Machine::scratchpad_element_bytes,
                                               &Machine::accumulator_bytes,
                                               &Machine::accumulator_banks,
                                               &Machine::weight_port_bytes,
                                               &Machine::vector_latency,
                                               &Machine::vector_cycles_simple,
                                               &Machine::vector_cycles_exp2,
                                               &Machine::vector_cycles_recip,
                                               &Machine::vector_cycles_rsqrt,
                                               &Machine::vector_cycles_sigmoid,
                                               &Machine::vector_cycles_silu,
                                               &Machine::vector_cycles_tanh,
                                               &Machine::vector_cycles_gelu,
                                               &Machine::dram_latency,
                                               &Machine::dma_in_flight,
                                               &Machine::queue_depth,
                                               &Machine::dram_bytes_per_cycle,
                                               &Machine::matmul_cycles_i8,
                                               &Machine::matmul_cycles_bf16};
static constexpr size_t kFactCount = sizeof(kFacts) / sizeof(*kFacts);

Machine twin::plainMachine() {
  Machine machine;
  std::string error;
  Machine::find("edge16", machine, error);
  machine.name = "twin";
  machine.arrays = kArrays, machine.array_rows = kRows, machine.array_columns = kColumns;
  machine.scratchpad_bytes = kPadBytes, machine.scratchpad_banks = 8;
  machine.accumulator_bytes = kAccumulatorBytes, machine.accumulator_banks = 4;
  machine.dram_bytes = kDramBytes, machine.dram_latency = 20, machine.dma_in_flight = kMaxInFlight;
  machine.weight_port_bytes = kColumns;
  return machine;
}

std::string twin::unfit(const Machine &m) {
  auto above = [](const char *what, int64_t value, int64_t most) {
    return std::string(what) + " is " + std::to_string(value) + ", but the twin has at most " +
           std::to_string(most);
  };
  if (m.arrays != kArrays || m.array_rows != kRows || m.array_columns != kColumns)
    return "this twin has " + std::to_string(kArrays) + " arrays of " + std::to_string(kRows) + "x" +
           std::to_string(kColumns);
  for (auto [what, value, most] : {std::tuple("scratchpad_bytes", m.scratchpad_bytes, kPadBytes),
                                   {"accumulator_bytes", m.accumulator_bytes, kAccumulatorBytes},
                                   {"dram_bytes", m.dram_bytes, kDramBytes},
                                   {"scratchpad_banks", m.scratchpad_banks, kMaxBanks},
                                   {"accumulator_banks", m.accumulator_banks, kMaxBanks},
                                   {"queue_depth", m.queue_depth, kMaxQueue},
                                   {"dma_in_flight", m.dma_in_flight, kMaxInFlight},
                                   {"dram_bytes_per_cycle", m.dram_bytes_per_cycle, 16 * kMaxBusBytes},
                                   {"weight_port_bytes", m.weight_port_bytes, kMaxPortBytes}})
    if (value > most)
      return above(what, value, most);
  for (int64_t eighths : {m.matmul_cycles_i8, m.matmul_cycles_bf16})
    if (eighths && eighths < kLeastEighths)
      return "the twin takes at most two rows a cycle";
  return "";
}

//===- The simulator
//-----------------------------------------------------------------------------------------------------===//

/// What the memories on chip hold at launch, the same on both: zeros would hide a read of what nobody wrote.
static std::vector<uint8_t> launchBytes() {
  std::vector<uint8_t> bytes(size_t(kPadBytes + kArrays * kAccumulatorBytes));
  uint32_t state = 1;
  for (uint8_t &byte : bytes)
    byte = uint8_t((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

Outcome twin::simulate(const Machine &machine, const Program &program, bool data) {
  Outcome out;
  Options options;
  options.data = data;
  options.maxCycles = int64_t(1) << 24;
  options.record = [&](const Record &r) { out.events.push_back({r.index, r.dispatch, r.issue, r.retire}); };
  Simulator sim(machine, program, options);
  const std::vector<uint8_t> bytes = launchBytes();
  std::copy_n(bytes.begin(), sim.local.scratchpad.size(), sim.local.scratchpad.begin());
  for (size_t m = 0; m != sim.local.accumulators.size(); ++m)
    std::copy_n(bytes.begin() + kPadBytes + int64_t(m) * kAccumulatorBytes, sim.local.accumulators[m].size(),
                sim.local.accumulators[m].begin());
  out.halted = sim.run() == State::Halted;
  if (!out.halted)
    out.fault = "instruction " + std::to_string(sim.fault().index) + ", cycle " +
                std::to_string(sim.fault().cycle) + ": " + sim.fault().reason;
  out.cycles = sim.statistics().cycles;
  std::sort(out.events.begin(), out.events.end());
  out.registers = sim.registers();
  out.scratchpad = sim.local.scratchpad;
  out.accumulators = sim.local.accumulators;
  out.dram.resize(size_t(machine.dram_bytes));
  sim.dram.read(0, out.dram.data(), out.dram.size());
  return out;
}

//===- The twin
//----------------------------------------------------------------------------------------------------------===//

static std::vector<Event> *recording;

extern "C" void record(int index, int dispatched, int issued, int retired) {
  recording->push_back({index, dispatched, issued, retired});
}

static void fill(Vtop &top, const Machine &machine, const Program &program) {
  for (size_t i = 0; i != kFactCount; ++i)
    top.facts[kFactCount - 1 - i] = uint32_t(machine.*kFacts[i]);
  for (unsigned i = 0; i != kRegisters; ++i)
    top.launch[i] = uint64_t(i ? program.registers[i] : 0);
  for (size_t i = 0; i != program.code.size(); ++i) {
    uint8_t bytes[kInstructionBytes];
    encode(program.code[i], bytes);
    memcpy(&top.rootp->top__DOT__code[i][0], bytes, sizeof(bytes));
  }
  auto &dram = top.rootp->top__DOT__dram__DOT__bytes;
  std::fill_n(&dram[0], size_t(kDramBytes), 0);
  for (const DramSegment &segment : program.memory)
    std::copy(segment.bytes.begin(), segment.bytes.end(), &dram[0] + segment.address);
  const std::vector<uint8_t> bytes = launchBytes();
  std::copy(bytes.begin(), bytes.end(), &top.rootp->top__DOT__banks__DOT__bytes[0]);
}

Outcome twin::run(const Machine &machine, const Program &program, int control, int64_t limit) {
  Outcome out;
  recording = &out.events;
  VerilatedContext context;
  context.randReset(0);
  Vtop top(&context);
  fill(top, machine, program);
  top.rootp->__PVT__machine->control = uint32_t(control);
  auto tick = [&] {
    top.clk = 0, top.eval();
    top.clk = 1, top.eval();
  };
  top.reset = 1, tick(), tick();
  top.reset = 0;
  while (!top.halted && int64_t(top.cycle) < limit)
    tick();
  top.clk = 0, top.eval();
  out.halted = top.halted;
  if (!out.halted)
    out.fault = "still running after " + std::to_string(limit) + " cycles";
  out.cycles = top.cycle;
  std::sort(out.events.begin(), out.events.end());
  for (unsigned i = 0; i != kRegisters; ++i)
    out.registers[i] = int64_t(top.registers[i]);
  const uint8_t *local = &top.rootp->top__DOT__banks__DOT__bytes[0];
  out.scratchpad.assign(local, local + machine.scratchpad_bytes);
  for (int64_t m = 0; m != kArrays; ++m)
    out.accumulators.emplace_back(local + kPadBytes + m * kAccumulatorBytes,
                                  local + kPadBytes + m * kAccumulatorBytes + machine.accumulator_bytes);
  const uint8_t *dram = &top.rootp->top__DOT__dram__DOT__bytes[0];
  out.dram.assign(dram, dram + machine.dram_bytes);
  return out;
}

//===- Comparison
//--------------------------------------------------------------------------------------------------------===//

static std::string firstByte(const char *where, const std::vector<uint8_t> &expected,
                             const std::vector<uint8_t> &got) {
  auto [e, g] = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
  if (e == expected.end())
    return "";
  return std::string(where) + " byte " + std::to_string(e - expected.begin()) + ": " + std::to_string(*e) +
         " in the simulator, " + std::to_string(*g) + " in the twin";
}

static std::string text(const Event &e) {
  return "instruction " + std::to_string(e.index) + " dispatched " + std::to_string(e.dispatch) + " issued " +
         std::to_string(e.issue) + " retired " + std::to_string(e.retire);
}

std::string twin::difference(const Outcome &expected, const Outcome &got, bool data) {
  if (!expected.halted || !got.halted)
    return expected.halted ? "the twin: " + got.fault : "the simulator: " + expected.fault;
  // The earliest difference tells most.
  auto byIssue = [](std::vector<Event> events) {
    std::sort(events.begin(), events.end(), [](const Event &p, const Event &q) {
      return std::tie(p.issue, p.index) < std::tie(q.issue, q.index);
    });
    return events;
  };
  std::vector<Event> e = byIssue(expected.events), g = byIssue(got.events);
  for (size_t i = 0; i < std::max(e.size(), g.size()); ++i)
    if (i >= e.size() || i >= g.size() || e[i] != g[i])
      return (i < e.size() ? text(e[i]) : "nothing") + " in the simulator, " +
             (i < g.size() ? text(g[i]) : "nothing") + " in the twin";
  if (expected.cycles != got.cycles)
    return std::to_string(expected.cycles) + " cycles in the simulator, " + std::to_string(got.cycles) +
           " in the twin";
  if (!data)
    return "";
  for (unsigned i = 0; i != kRegisters; ++i)
    if (expected.registers[i] != got.registers[i])
      return "r" + std::to_string(i) + ": " + std::to_string(expected.registers[i]) + " in the simulator, " +
             std::to_string(got.registers[i]) + " in the twin";
  std::string wrong = firstByte("DRAM", expected.dram, got.dram);
  if (wrong.empty())
    wrong = firstByte("scratchpad", expected.scratchpad, got.scratchpad);
  for (size_t m = 0; wrong.empty() && m != expected.accumulators.size(); ++m)
    wrong = firstByte(("accumulators " + std::to_string(m)).c_str(), expected.accumulators[m],
                      got.accumulators[m]);
  return wrong;
}

std::vector<Control> twin::controls() {
  std::vector<Control> out;
  std::ifstream file(TWIN_SOURCE "/controls.svh");
  static const std::regex kLine(R"(parameter int C_([A-Z0-9_]+) = (\d+); // (.*))");
  for (std::string line; std::getline(file, line);)
    if (std::smatch match; std::regex_match(line, match, kLine))
      out.push_back({std::stoi(match[2]), match[1], match[3]});
  return out;
}
