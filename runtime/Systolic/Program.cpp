// The binary form of programs.
#include "runtime/Systolic/Program.h"

#include <cstring>

using namespace girih::systolic;

static constexpr char kMagic[8] = {'G', 'I', 'R', 'I', 'H', 'S', 'Y', 'S'};
static constexpr uint32_t kVersion = 1;

template <typename T> static void put(std::vector<uint8_t> &out, T value) {
  for (unsigned i = 0; i != sizeof(T); ++i)
    out.push_back(uint8_t(uint64_t(value) >> 8 * i));
}

static void putSegments(std::vector<uint8_t> &out, const std::vector<DramSegment> &segments, uint32_t kind) {
  for (const DramSegment &segment : segments) {
    put<uint32_t>(out, kind), put<uint32_t>(out, 0);
    put<uint64_t>(out, segment.address), put<uint64_t>(out, segment.bytes.size());
    out.insert(out.end(), segment.bytes.begin(), segment.bytes.end());
  }
}

std::vector<uint8_t> girih::systolic::writeProgram(const Program &program) {
  uint32_t registers = 0;
  for (int64_t value : program.registers)
    registers += value != 0;
  std::vector<uint8_t> out(kMagic, kMagic + 8);
  for (uint32_t word : {kVersion, uint32_t(program.code.size()), registers,
                        uint32_t(program.memory.size() + program.expected.size()), uint32_t(program.shapes.size()), 0u})
    put(out, word);
  for (const Instruction &instruction : program.code) {
    out.resize(out.size() + kInstructionBytes);
    encode(instruction, out.data() + out.size() - kInstructionBytes);
  }
  for (unsigned i = 0; i != kRegisters; ++i)
    if (program.registers[i])
      put<uint64_t>(out, i), put<int64_t>(out, program.registers[i]);
  putSegments(out, program.memory, 0);
  putSegments(out, program.expected, 1);
  for (const auto &shape : program.shapes)
    for (uint64_t extent : shape)
      put(out, extent);
  return out;
}

namespace {
/// Reads little-endian numbers and remembers whether the bytes were enough.
struct Reader {
  const uint8_t *at;
  size_t left;
  bool ok = true;
  const uint8_t *take(size_t count) {
    if (count > left)
      return ok = false, nullptr;
    const uint8_t *start = at;
    at += count, left -= count;
    return start;
  }
  template <typename T> T number() {
    T value = 0;
    if (const uint8_t *bytes = take(sizeof(T)))
      memcpy(&value, bytes, sizeof(T));
    return value;
  }
};
} // namespace

bool girih::systolic::isBinaryProgram(std::string_view bytes) {
  return bytes.size() >= 8 && memcmp(bytes.data(), kMagic, 8) == 0;
}

static bool readSegment(Reader &in, Program &program, std::string &error) {
  uint32_t kind = in.number<uint32_t>(), zero = in.number<uint32_t>();
  DramSegment segment;
  segment.address = in.number<uint64_t>();
  uint64_t bytes = in.number<uint64_t>();
  const uint8_t *data = in.take(bytes);
  if (!in.ok)
    return error = "the file ends within a segment", false;
  if (kind > 1 || zero != 0 || segment.address > kMaxDramBytes)
    return error = "a segment is of kind " + std::to_string(kind) + " at address " + std::to_string(segment.address), false;
  segment.bytes.assign(data, data + bytes);
  (kind == 0 ? program.memory : program.expected).push_back(std::move(segment));
  return true;
}

bool girih::systolic::readProgram(const uint8_t *bytes, size_t size, Program &program, std::string &error) {
  program = Program();
  Reader in{bytes, size};
  const uint8_t *magic = in.take(8);
  if (!magic || memcmp(magic, kMagic, 8) != 0)
    return error = "this is no program of the systolic machine: expected it to begin with GIRIHSYS", false;
  uint32_t version = in.number<uint32_t>(), count = in.number<uint32_t>(), registers = in.number<uint32_t>();
  uint32_t segments = in.number<uint32_t>(), shapes = in.number<uint32_t>(), zero = in.number<uint32_t>();
  if (!in.ok || version != kVersion || zero != 0)
    return error = "expected version " + std::to_string(kVersion) + ", but found " + std::to_string(version), false;
  if (count > kMaxInstructions || registers > kRegisters || in.left / kInstructionBytes < count)
    return error = "the header tells of " + std::to_string(count) + " instructions and " + std::to_string(registers) +
                   " registers, but the file has " + std::to_string(size) + " bytes",
           false;
  for (uint32_t i = 0; i != count; ++i) {
    const uint8_t *word = in.take(kInstructionBytes);
    program.code.push_back(decode(word));
    uint8_t again[kInstructionBytes];
    encode(program.code.back(), again);
    std::string wrong = checkInstruction(program.code.back());
    if (wrong.empty() && memcmp(word, again, kInstructionBytes) != 0)
      wrong = "reserved bits are set";
    if (!wrong.empty())
      return error = "instruction " + std::to_string(i) + ": " + wrong, false;
  }
  for (uint32_t i = 0; i != registers; ++i) {
    uint64_t number = in.number<uint64_t>();
    int64_t value = in.number<int64_t>();
    if (number >= kRegisters)
      return error = "there is no register " + std::to_string(number), false;
    program.registers[number] = value;
  }
  for (uint32_t i = 0; i != segments; ++i)
    if (!readSegment(in, program, error))
      return false;
  for (uint32_t i = 0; i != shapes && in.ok; ++i) {
    auto &shape = program.shapes.emplace_back();
    for (uint64_t &extent : shape)
      extent = in.number<uint64_t>();
  }
  if (!in.ok || in.left)
    return error = in.ok ? std::to_string(in.left) + " bytes follow the program" : "the file ends too early", false;
  return true;
}
