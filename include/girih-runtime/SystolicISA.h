// Constants, the instruction and the table of opcodes of the systolic machine, from SystolicISA.def.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace girih::systolic {

constexpr unsigned kInstructionBytes = 64, kInstructionWords = 16;
constexpr unsigned kRegisters = 32, kSemaphores = 32, kMaxTokens = 255, kMaxLoopDepth = 8, kMaxArrays = 8, kMaxDim = 512;
constexpr uint32_t kMaxInstructions = 1u << 20;
constexpr uint64_t kMaxDramBytes = uint64_t(1) << 40;

/// Local addresses: bit 31 chooses the accumulators, bits 30..28 then the array, bits 27..0 are a byte offset. With bit 31 clear
/// bits 27..0 are an offset in the scratchpad.
constexpr uint32_t kAccumulatorBit = 1u << 31, kLocalOffsetMask = (1u << 28) - 1;
constexpr unsigned kArrayShift = 28;
constexpr uint32_t accumulatorAddress(unsigned array, uint32_t offset) {
  return kAccumulatorBit | array << kArrayShift | offset;
}

enum class Queue : uint8_t {
#define SYSTOLIC_QUEUE(name, number, meaning) name = number,
#include "girih-runtime/SystolicISA.def"
};
constexpr unsigned kQueues = 5; // LD, WL, MX, VX, ST; the sequencer is none

enum class Type : uint8_t {
#define SYSTOLIC_TYPE(name, code, bytes) name = code,
#include "girih-runtime/SystolicISA.def"
};
constexpr unsigned typeBytes(unsigned code) {
  switch (code) {
#define SYSTOLIC_TYPE(name, code, bytes)                                                                               \
  case code:                                                                                                           \
    return bytes;
#include "girih-runtime/SystolicISA.def"
  }
  return 0;
}
constexpr unsigned typeBytes(Type type) { return typeBytes(unsigned(type)); }

enum class Op : uint8_t {
#define SYSTOLIC_OP(name, code, queue, fields, summary) name = code,
#include "girih-runtime/SystolicISA.def"
};

enum class Field : uint8_t {
#define SYSTOLIC_FIELD(name, word, lsb, width, isSigned, meaning) name,
#include "girih-runtime/SystolicISA.def"
};
constexpr unsigned kFields = 0
#define SYSTOLIC_FIELD(...) +1
#include "girih-runtime/SystolicISA.def"
    ;

enum class Scalar : uint8_t {
#define SYSTOLIC_SCALAR(name, code) name##_ = code,
#include "girih-runtime/SystolicISA.def"
};
enum class Condition : uint8_t {
#define SYSTOLIC_CONDITION(name, code) name = code,
#include "girih-runtime/SystolicISA.def"
};
enum class Combine : uint8_t {
#define SYSTOLIC_COMBINE(name, code) name = code,
#include "girih-runtime/SystolicISA.def"
};
enum class Function : uint8_t {
#define SYSTOLIC_FUNCTION(name, code, fact) name = code,
#include "girih-runtime/SystolicISA.def"
};

/// Bits of `flags`: flag::matmul_accumulate and so on.
namespace flag {
#define SYSTOLIC_FLAG(op, name, bit, meaning) constexpr unsigned op##_##name = 1u << bit;
#include "girih-runtime/SystolicISA.def"
} // namespace flag

/// An instruction as its fields say; signed fields are sign-extended.
struct Instruction {
#define SYSTOLIC_FIELD(name, word, lsb, width, isSigned, meaning) int64_t name = 0;
#include "girih-runtime/SystolicISA.def"
  bool operator==(const Instruction &) const = default;
  int64_t &operator[](Field field) { return (&op)[unsigned(field)]; }
  int64_t operator[](Field field) const { return (&op)[unsigned(field)]; }
};
static_assert(sizeof(Instruction) == kFields * sizeof(int64_t));

struct FieldInfo {
  const char *name;
  uint8_t word, lsb, width;
  bool isSigned;
  const char *meaning;
};
struct OpInfo {
  const char *name;
  Op op;
  Queue queue;
  uint64_t fields; // bit set of Field
  const char *summary;
  uint8_t flags;   // the bits of `flags` that mean something
};
const FieldInfo &fieldInfo(Field field);
/// Null if there is no such opcode.
const OpInfo *opInfo(unsigned opcode);
const OpInfo *opInfo(std::string_view name);
const char *flagName(Op op, unsigned bit);

void encode(const Instruction &instruction, uint8_t bytes[kInstructionBytes]);
Instruction decode(const uint8_t bytes[kInstructionBytes]);
/// What makes the instruction invalid on every machine: an unknown opcode, function, type or flag, a field that its op does not
/// use, a semaphore waited for twice. Empty if nothing does.
std::string checkInstruction(const Instruction &instruction);

struct TokenCount {
  unsigned semaphore, count;
};
constexpr TokenCount tokens(int64_t field) { return {unsigned(field & 31), unsigned(field >> 5 & 7)}; }
constexpr int64_t tokenField(unsigned semaphore, unsigned count) { return semaphore | count << 5; }

} // namespace girih::systolic
