// A program for the systolic machine: instructions, registers at launch, DRAM at launch and, for tests, DRAM afterwards. The
// binary form, all little-endian: magic "GIRIHSYS", u32 version, u32 instructions, u32 registers, u32 segments, u32 matmuls, u32 zero,
// the instructions of 64 bytes, registers as (u64 number, i64 value), segments as (u32 kind, u32 zero, u64 address, u64 bytes, the bytes),
// matmul shapes as three u64: M, K, N.
#pragma once

#include "girih-runtime/SystolicISA.h"

#include <array>
#include <vector>

namespace girih::systolic {

struct DramSegment {
  uint64_t address = 0;
  std::vector<uint8_t> bytes;
};

struct Program {
  std::vector<Instruction> code;
  std::array<int64_t, kRegisters> registers = {};
  std::vector<DramSegment> memory;   // DRAM when launched
  std::vector<DramSegment> expected; // what DRAM holds afterwards
  /// Matrix products that the program is said to compute, for the report's minimum of DRAM traffic.
  std::vector<std::array<uint64_t, 3>> shapes;
  /// The assembly line of each instruction, 0 if unknown; not part of the binary.
  std::vector<unsigned> lines;
};

std::vector<uint8_t> writeProgram(const Program &program);
/// Returns false and an error if the bytes are no program; says so also for an instruction that is invalid on every machine.
bool readProgram(const uint8_t *bytes, size_t size, Program &program, std::string &error);
bool isBinaryProgram(std::string_view bytes);

/// Assembly text, described in docs/targets/Systolic/isa.md. Errors name the line.
bool assemble(std::string_view text, std::string_view origin, Program &program, std::string &error);
std::string disassemble(const Instruction &instruction);
/// `fn` by its name in assembly: "add" for salu, "mul.exp2" for vector, a number for load and store.
bool parseFunction(std::string_view text, Op op, int64_t &fn);
std::string functionText(const Instruction &instruction);
std::string disassemble(const Program &program);

} // namespace girih::systolic
