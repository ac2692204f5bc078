// The assembler: one instruction a line, its fields by the names that SystolicISA.def gives them. Grammar and directives are
// described in docs/targets/Systolic/isa.md.
#include "girih-runtime/SystolicNumerics.h"
#include "runtime/Systolic/Program.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <map>

using namespace girih::systolic;

namespace {

constexpr const char *kTypeNames = "i8, bf16, i32 or f32";

/// The functions of an op, for a message.
std::string functionNames(Op op) {
  std::string names, combines, functions;
  auto add = [](std::string &list, const char *name) {
    list += (list.empty() ? "" : ", ") + std::string(name);
  };
  if (op == Op::salu) {
#define SYSTOLIC_SCALAR(name, code) add(names, #name);
#include "girih-runtime/SystolicISA.def"
    return names;
  }
  if (op == Op::br) {
#define SYSTOLIC_CONDITION(name, code) add(names, #name);
#include "girih-runtime/SystolicISA.def"
    return names;
  }
  if (op != Op::vector)
    return "0 to 31";
#define SYSTOLIC_COMBINE(name, code) add(combines, #name);
#define SYSTOLIC_FUNCTION(name, code, fact) add(functions, #name);
#include "girih-runtime/SystolicISA.def"
  return combines + ", alone or with a dot and " + functions;
}

/// The flags of an op, for a message.
std::string flagNames(Op op) {
  std::string names;
  for (unsigned bit = 0; bit != 8; ++bit)
    if (const char *name = flagName(op, bit))
      names += (names.empty() ? "" : ", ") + std::string(name);
  return names.empty() ? "none" : names;
}

/// Which register field is added to an operand field.
const std::pair<Field, Field> kRegisterOf[] = {{Field::dst, Field::rd},  {Field::a, Field::ra},    {Field::b, Field::rb},  {Field::x, Field::rx},
                                               {Field::rows, Field::rn}, {Field::cols, Field::rk}, {Field::imm, Field::ri}};

struct Value {
  int64_t number = 0;
  int reg = -1;
};

class Assembler {
public:
  Assembler(std::string_view text, Program &program) : text(text), program(program) {}

  /// Empty, or what is wrong on line `line`.
  std::string run() {
    while (!text.empty()) {
      ++line;
      size_t end = text.find('\n');
      std::string_view content = text.substr(0, end);
      text.remove_prefix(end == text.npos ? text.size() : end + 1);
      if (std::string wrong = statement(content.substr(0, content.find('#'))); !wrong.empty())
        return wrong;
    }
    return finish();
  }
  unsigned line = 0;

private:
  std::string_view text;
  Program &program;
  std::map<std::string, int64_t, std::less<>> symbols;
  std::map<std::string, uint32_t, std::less<>> labels;
  struct Branch {
    uint32_t index;
    unsigned line;
    std::string label;
  };
  std::vector<Branch> branches;
  std::vector<std::pair<uint32_t, unsigned>> openLoops; // index, line
  std::vector<bool> explicitBody;
  int64_t randomLeft = 1 << 24; // elements that .random may still make: a few bytes of text must not cost minutes

  static std::vector<std::string_view> split(std::string_view s) {
    std::vector<std::string_view> words;
    for (size_t at = 0; at < s.size();) {
      size_t start = s.find_first_not_of(" \t\r,", at);
      if (start == s.npos)
        break;
      at = std::min(s.find_first_of(" \t\r,", start), s.size());
      words.push_back(s.substr(start, at - start));
    }
    return words;
  }

  static bool integer(std::string_view s, int64_t &value) {
    bool negative = !s.empty() && s[0] == '-';
    s.remove_prefix(negative);
    int base = 10;
    if (s.starts_with("0x"))
      s.remove_prefix(2), base = 16;
    uint64_t magnitude = 0;
    auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), magnitude, base);
    if (magnitude > uint64_t(1) << 63 && negative)
      return false;
    value = int64_t(negative ? 0 - magnitude : magnitude);
    return error == std::errc() && end == s.data() + s.size() && !s.empty();
  }

  static bool real(std::string_view s, float &value) {
    std::string copy(s);
    char *end;
    value = strtof(copy.c_str(), &end);
    return !copy.empty() && *end == 0;
  }

  static bool registerNumber(std::string_view s, int &number) {
    int64_t value;
    if (s.size() < 2 || s[0] != 'r' || !integer(s.substr(1), value) || value < 0 || value >= kRegisters)
      return false;
    return number = int(value), true;
  }

  std::string term(std::string_view s, bool negative, Value &value) {
    int64_t number = 0;
    float f;
    int array;
    if (registerNumber(s, array)) {
      if (negative || value.reg >= 0)
        return "expected one register, added, but found '" + std::string(s) + "'";
      value.reg = array;
      return "";
    }
    if (s.size() == 4 && s.starts_with("acc") && s[3] >= '0' && s[3] < '8')
      number = accumulatorAddress(unsigned(s[3] - '0'), 0);
    else if (auto it = symbols.find(s); it != symbols.end())
      number = it->second;
    else if (s.size() > 1 && s.back() == 'f' && !s.starts_with("0x") && real(s.substr(0, s.size() - 1), f))
      number = int32_t(bitsOf(negative ? -f : f)), negative = false;
    else if (!integer(s, number))
      return "expected a number, a register, acc0 to acc7 or a symbol, but found '" + std::string(s) + "'";
    value.number = int64_t(negative ? uint64_t(value.number) - uint64_t(number) : uint64_t(value.number) + uint64_t(number));
    return "";
  }

  /// value ::= `-`? term ((`+` | `-`) term)*
  std::string parseValue(std::string_view s, Value &value) {
    value = Value();
    bool negative = false;
    if (!s.empty() && s[0] == '-')
      negative = true, s.remove_prefix(1);
    for (;;) {
      size_t end = s.find_first_of("+-");
      while (end != s.npos && end > 0 && s[end - 1] == 'e' && !s.starts_with("0x") && s.back() == 'f') // 1e-5f
        end = s.find_first_of("+-", end + 1);
      if (std::string wrong = term(s.substr(0, end), negative, value); !wrong.empty())
        return wrong;
      if (end == s.npos)
        return "";
      negative = s[end] == '-';
      s.remove_prefix(end + 1);
    }
  }

  std::string statement(std::string_view s) {
    std::vector<std::string_view> words = split(s);
    if (!words.empty() && words[0].back() == ':') {
      std::string label(words[0].substr(0, words[0].size() - 1));
      if (!labels.emplace(label, program.code.size()).second)
        return "the label '" + label + "' was already given";
      words.erase(words.begin());
    }
    if (words.empty())
      return "";
    return words[0][0] == '.' ? directive(words) : instruction(words);
  }

  std::string instruction(const std::vector<std::string_view> &words) {
    const OpInfo *info = opInfo(words[0]);
    if (!info)
      return "unknown instruction '" + std::string(words[0]) + "'";
    if (program.code.size() == kMaxInstructions)
      return "a program has at most " + std::to_string(kMaxInstructions) + " instructions";
    Instruction i;
    i.op = int64_t(info->op);
    uint64_t given = 0;
    for (size_t w = 1; w != words.size(); ++w)
      if (std::string wrong = item(words[w], *info, i, given); !wrong.empty())
        return wrong;
    uint32_t index = uint32_t(program.code.size());
    if (info->op == Op::loop) {
      openLoops.push_back({index, line});
      explicitBody.push_back(given >> unsigned(Field::cols) & 1);
    }
    if (info->op == Op::next && !openLoops.empty()) {
      if (!explicitBody.back())
        program.code[openLoops.back().first].cols = index - openLoops.back().first;
      openLoops.pop_back(), explicitBody.pop_back();
    }
    program.code.push_back(i);
    program.lines.push_back(line);
    if (info->op != Op::loop && !(info->op == Op::br && !branches.empty() && branches.back().index == index))
      return checkInstruction(i);
    return "";
  }

  std::string semaphore(std::string_view s, int64_t &first, int64_t &second) {
    size_t colon = s.find(':');
    Value number;
    int64_t count = 1;
    if (std::string wrong = parseValue(s.substr(0, colon), number); !wrong.empty())
      return wrong;
    if (colon != s.npos && !integer(s.substr(colon + 1), count))
      count = 0;
    if (number.reg >= 0 || number.number < 0 || number.number >= kSemaphores || count < 1 || count > 7)
      return "expected a semaphore 0 to 31 and 1 to 7 tokens, but found '" + std::string(s) + "'";
    if (first && second)
      return "an instruction waits for and signals at most two semaphores";
    (first ? second : first) = tokenField(unsigned(number.number), unsigned(count));
    return "";
  }

  std::string item(std::string_view word, const OpInfo &info, Instruction &i, uint64_t &given) {
    size_t equals = word.find('=');
    if (equals == word.npos) {
      for (unsigned bit = 0; bit != 8; ++bit)
        if (const char *name = flagName(info.op, bit); name && word == name)
          return i.flags |= 1 << bit, "";
      return std::string(info.name) + " has no flag '" + std::string(word) + "'; it has " +
             flagNames(info.op);
    }
    std::string_view key = word.substr(0, equals), text = word.substr(equals + 1);
    if (key == "wait")
      return semaphore(text, i.wait0, i.wait1);
    if (key == "signal")
      return semaphore(text, i.signal0, i.signal1);
    if (key == "to" && info.op == Op::br) {
      branches.push_back({uint32_t(program.code.size()), line, std::string(text)});
      return "";
    }
    for (unsigned f = 0; f != kFields; ++f) {
      if (key != fieldInfo(Field(f)).name)
        continue;
      if (!(info.fields >> f & 1) || Field(f) == Field::op)
        return std::string(info.name) + " has no field '" + std::string(key) + "'";
      if (given >> f & 1)
        return "'" + std::string(key) + "' was already given";
      given |= uint64_t(1) << f;
      return field(Field(f), text, info, i);
    }
    return "there is no field '" + std::string(key) + "'";
  }

  std::string field(Field f, std::string_view text, const OpInfo &info, Instruction &i) {
    if (f == Field::fn && !parseFunction(text, info.op, i.fn))
      return "expected a function of " + std::string(info.name) + " (" + functionNames(info.op) +
             "), but found '" + std::string(text) + "'";
    if (f == Field::fn)
      return "";
    if (f == Field::td || f == Field::ta || f == Field::tb) {
#define SYSTOLIC_TYPE(name, code, bytes)                                                                               \
  if (text == #name)                                                                                                   \
    return i[f] = code, "";
#include "girih-runtime/SystolicISA.def"
      return std::string("expected a type ") + kTypeNames + ", but found '" + std::string(text) + "'";
    }
    const FieldInfo &about = fieldInfo(f);
    Value value;
    if (std::string wrong = parseValue(text, value); !wrong.empty())
      return wrong;
    if (about.word == 3 || f == Field::ri) { // a register by its field
      if (value.reg < 0 || value.number != 0)
        return "expected a register, but found '" + std::string(text) + "'";
      return i[f] = value.reg, "";
    }
    if (value.reg > 0) {
      for (auto [operand, reg] : kRegisterOf)
        if (operand == f && info.fields >> unsigned(reg) & 1)
          return i[reg] = value.reg, store(f, value.number, i);
      return std::string(info.name) + "'s " + about.name + " takes no register";
    }
    return store(f, value.number, i);
  }

  std::string store(Field f, int64_t number, Instruction &i) {
    const FieldInfo &about = fieldInfo(f);
    int64_t most = about.width == 64 ? INT64_MAX : (int64_t(1) << about.width) - 1;
    int64_t least = about.width == 64 ? INT64_MIN : about.isSigned ? -(int64_t(1) << (about.width - 1)) : 0;
    if (number < least || number > most)
      return std::string(about.name) + " is " + std::to_string(number) + ", which does not fit its " + std::to_string(about.width) + " bits";
    if (about.isSigned && about.width == 32)
      number = int32_t(number); // local addresses have bit 31
    i[f] = number;
    return "";
  }

  static std::optional<Type> typeNamed(std::string_view text) {
#define SYSTOLIC_TYPE(name, code, bytes)                                                                               \
  if (text == #name && code != 0)                                                                                      \
    return Type(code);
#include "girih-runtime/SystolicISA.def"
    return std::nullopt;
  }

  std::string append(Type type, std::string_view text, std::vector<uint8_t> &bytes) {
    int64_t number = 0;
    float f = 0;
    bool isReal = type == Type::bf16 || type == Type::f32;
    if (isReal ? !real(text, f) : !integer(text, number))
      return "expected a number, but found '" + std::string(text) + "'";
    int64_t most = type == Type::i8 ? UINT8_MAX : UINT32_MAX, least = type == Type::i8 ? INT8_MIN : INT32_MIN;
    if (!isReal && (number < least || number > most)) // signed, or the same bits without a sign
      return "expected a number from " + std::to_string(least) + " to " + std::to_string(most) +
             ", but found '" + std::string(text) + "'";
    uint32_t bits = type == Type::bf16 ? toBF16(f) : type == Type::f32 ? bitsOf(f) : uint32_t(number);
    for (unsigned b = 0; b != typeBytes(type); ++b)
      bytes.push_back(uint8_t(bits >> 8 * b));
    return "";
  }

  /// splitmix64: i8 and i32 take its low bits, floats a multiple of 2^-7 in [-1, 1), which bf16 holds exactly.
  void randomBytes(Type type, int64_t count, uint64_t seed, std::vector<uint8_t> &bytes) {
    for (int64_t n = 0; n != count; ++n) {
      uint64_t z = seed += 0x9e3779b97f4a7c15;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      z ^= z >> 31;
      float f = float(int8_t(z)) / 128;
      uint32_t bits = type == Type::bf16 ? toBF16(f) : type == Type::f32 ? bitsOf(f) : uint32_t(z);
      for (unsigned b = 0; b != typeBytes(type); ++b)
        bytes.push_back(uint8_t(bits >> 8 * b));
    }
  }

  std::string numbers(const std::vector<std::string_view> &words, size_t first, std::vector<int64_t> &out) {
    for (size_t w = first; w < words.size(); ++w) {
      Value value;
      if (std::string wrong = parseValue(words[w], value); !wrong.empty())
        return wrong;
      if (value.reg >= 0)
        return "expected a number, but found '" + std::string(words[w]) + "'";
      out.push_back(value.number);
    }
    return "";
  }

  std::string data(const std::vector<std::string_view> &words) {
    if (words.size() < 3)
      return "expected " + std::string(words[0]) + " ADDRESS TYPE …";
    std::optional<Type> type = typeNamed(words[2]);
    std::vector<int64_t> n;
    if (!type)
      return std::string("expected a type ") + kTypeNames + ", but found '" + std::string(words[2]) + "'";
    if (std::string wrong = numbers({words[0], words[1]}, 1, n); !wrong.empty())
      return wrong;
    if (n[0] < 0 || uint64_t(n[0]) > kMaxDramBytes)
      return "expected an address in DRAM, but found " + std::to_string(n[0]);
    DramSegment segment = {uint64_t(n[0]), {}};
    if (words[0] == ".random") {
      std::vector<int64_t> countAndSeed;
      if (std::string wrong = numbers(words, 3, countAndSeed); !wrong.empty())
        return wrong;
      if (countAndSeed.size() != 2 || countAndSeed[0] < 0)
        return "expected .random ADDRESS TYPE COUNT SEED";
      randomLeft -= std::min(randomLeft, countAndSeed[0]);
      if (randomLeft == 0)
        return "a program has at most 16777216 random elements; load larger data from a file";
      randomBytes(*type, countAndSeed[0], uint64_t(countAndSeed[1]), segment.bytes);
    } else {
      for (size_t w = 3; w != words.size(); ++w)
        if (std::string wrong = append(*type, words[w], segment.bytes); !wrong.empty())
          return wrong;
    }
    (words[0] == ".expect" ? program.expected : program.memory).push_back(std::move(segment));
    return "";
  }

  std::string directive(const std::vector<std::string_view> &words) {
    if (words[0] == ".dram" || words[0] == ".random" || words[0] == ".expect")
      return data(words);
    std::vector<int64_t> n;
    if (words[0] == ".gemm") {
      if (std::string wrong = numbers(words, 1, n); !wrong.empty())
        return wrong;
      if (n.size() != 3 || n[0] < 1 || n[1] < 1 || n[2] < 1)
        return "expected .gemm M K N";
      program.shapes.push_back({uint64_t(n[0]), uint64_t(n[1]), uint64_t(n[2])});
      return "";
    }
    if (words.size() != 3 || (words[0] != ".equ" && words[0] != ".reg"))
      return "expected .equ NAME VALUE, .reg rN VALUE, .dram, .random, .expect or .gemm, but found '" + std::string(words[0]) + "'";
    if (std::string wrong = numbers(words, 2, n); !wrong.empty())
      return wrong;
    int number;
    if (words[0] == ".equ")
      return symbols.emplace(words[1], n[0]).second ? "" : "'" + std::string(words[1]) + "' was already given";
    if (!registerNumber(words[1], number) || number == 0)
      return "expected a register r1 to r31, but found '" + std::string(words[1]) + "'";
    program.registers[number] = n[0];
    return "";
  }

  std::string finish() {
    for (size_t l = 0; l != openLoops.size(); ++l)
      if (!explicitBody[l]) {
        line = openLoops[l].second;
        return "the loop has no next";
      }
    for (const Branch &branch : branches) {
      auto it = labels.find(branch.label);
      line = branch.line;
      if (it == labels.end())
        return "there is no label '" + branch.label + "'";
      program.code[branch.index].imm = int64_t(it->second) - branch.index;
    }
    for (size_t i = 0; i != program.code.size(); ++i) {
      line = program.lines[i];
      if (std::string wrong = checkInstruction(program.code[i]); !wrong.empty())
        return wrong;
    }
    return "";
  }
};

} // namespace

bool girih::systolic::assemble(std::string_view text, std::string_view origin, Program &program, std::string &error) {
  program = Program();
  // A file that is no text would be quoted in a message that no terminal shows.
  auto binary = std::find_if(text.begin(), text.end(), [](unsigned char c) {
    return c == 0x7f || (c < ' ' && !(c >= '\t' && c <= '\r'));
  });
  if (binary != text.end()) {
    error = std::string(origin) + ": expected assembly or a binary program, but found byte " +
            std::to_string(uint8_t(*binary)) + " at offset " + std::to_string(binary - text.begin());
    return false;
  }
  Assembler assembler(text, program);
  std::string wrong = assembler.run();
  if (wrong.empty())
    return true;
  error = std::string(origin) + ":" + std::to_string(assembler.line) + ": " + wrong;
  return false;
}

bool girih::systolic::parseFunction(std::string_view text, Op op, int64_t &fn) {
  int64_t number = 0;
  if (op == Op::salu) {
#define SYSTOLIC_SCALAR(name, code)                                                                                    \
  if (text == #name)                                                                                                   \
  return fn = code, true;
#include "girih-runtime/SystolicISA.def"
    return false;
  }
  if (op == Op::br) {
#define SYSTOLIC_CONDITION(name, code)                                                                                 \
  if (text == #name)                                                                                                   \
  return fn = code, true;
#include "girih-runtime/SystolicISA.def"
    return false;
  }
  if (op != Op::vector) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= 0 && number < 32 && (fn = number, true);
  }
  size_t dot = text.find('.');
  std::string_view combine = text.substr(0, dot), function = dot == text.npos ? "id" : text.substr(dot + 1);
  int64_t low = -1, high = -1;
#define SYSTOLIC_COMBINE(name, code)                                                                                   \
  if (combine == #name)                                                                                                \
  low = code;
#define SYSTOLIC_FUNCTION(name, code, fact)                                                                            \
  if (function == #name)                                                                                               \
  high = code;
#include "girih-runtime/SystolicISA.def"
  return low >= 0 && high >= 0 && (fn = low | high << 4, true);
}
