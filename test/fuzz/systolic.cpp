// Feeds the systolic machine programs that lie: whatever the bytes, the reader refuses them or the run ends within its limits, and
// what was read is written back as it was. Bytes that are no program are run as instructions, opcodes mended, so that the fuzzer
// gets past the decoder; other bytes are assembled.
#include "runtime/Systolic/Simulator.h"

#include <cstdlib>

using namespace girih::systolic;

/// A small machine, whose memories cost nothing to make.
static const Machine &machine() {
  static const Machine small = [] {
    Machine m;
    std::string error;
    if (!Machine::find("edge16", m, error))
      std::abort();
    m.array_rows = m.array_columns = 4, m.arrays = 2, m.weight_port_bytes = 4;
    m.scratchpad_bytes = 4096, m.accumulator_bytes = 1024, m.dram_bytes = 65536;
    return m;
  }();
  return small;
}

static void run(const Program &program) {
  Options options;
  options.maxCycles = 4000,
  options.maxInstructions = 500; // dozens of transfers, and a thousand runs take a third of a second
  Simulator simulator(machine(), program, options);
  if (simulator.run() == State::Running)
    std::abort();
}

static Program mended(const uint8_t *data, size_t size) {
  Program program;
  for (; size >= kInstructionBytes && program.code.size() != 32; data += kInstructionBytes, size -= kInstructionBytes) {
    Instruction instruction = decode(data);
    const OpInfo *info = opInfo(unsigned(instruction.op));
    for (unsigned f = 1; info && f != kFields; ++f)
      if (!(info->fields >> f & 1))
        instruction[Field(f)] = 0;
    if (info)
      instruction.flags &= info->flags;
    program.code.push_back(instruction);
  }
  return program;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Program program;
  std::string error;
  if (isBinaryProgram({reinterpret_cast<const char *>(data), size})) {
    if (!readProgram(data, size, program, error))
      return 0;
    std::vector<uint8_t> again = writeProgram(program);
    Program twice;
    if (!readProgram(again.data(), again.size(), twice, error) || twice.code != program.code)
      std::abort();
    run(program);
    return 0;
  }
  if (assemble({reinterpret_cast<const char *>(data), size}, "input", program, error) && !program.code.empty()) {
    for (const Instruction &instruction : program.code) {
      Program again;
      if (Op(instruction.op) != Op::loop && (!assemble(disassemble(instruction), "input", again, error) || again.code[0].op != instruction.op))
        std::abort();
    }
    run(program);
    return 0;
  }
  run(mended(data, size));
  return 0;
}
