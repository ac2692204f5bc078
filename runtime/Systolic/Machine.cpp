// Reads facts files of systolic machines: the `key = value` text of lib/Target/Facts, its keys from SystolicMachine.def.
#include "runtime/Systolic/Machine.h"

#include <bit>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

using namespace girih::systolic;

namespace {
struct Key {
  const char *name;
  int64_t Machine::*field;
  int64_t parts, least, most, init;
};
constexpr Key kKeys[] = {
#define SYSTOLIC_FACT(key, least, most, init, meaning) {#key, &Machine::key, 1, least, most, init},
#define SYSTOLIC_RATE(key, parts, least, most, init, meaning) {#key, &Machine::key, parts, least, most, init},
#define SYSTOLIC_ENERGY(key, init, meaning) {#key, &Machine::key, 1, 0, 1000000000, init},
#include "girih-runtime/SystolicMachine.def"
};

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t' || s.front() == '\r'))
    s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r'))
    s.remove_suffix(1);
  return s;
}

/// A decimal number that is a whole count of 1/parts.
bool parseNumber(std::string_view text, int64_t parts, int64_t &value) {
  int64_t whole = 0, fraction = 0, scale = 1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error != std::errc() || whole < 0 || whole > (int64_t(1) << 40))
    return false;
  std::string_view rest = text.substr(end - text.data());
  if (!rest.empty()) {
    if (rest[0] != '.' || rest.size() == 1 || rest.size() > 7)
      return false;
    for (char c : rest.substr(1)) {
      if (c < '0' || c > '9')
        return false;
      fraction = 10 * fraction + (c - '0');
      scale *= 10;
    }
  }
  if (fraction * parts % scale != 0)
    return false;
  value = whole * parts + fraction * parts / scale;
  return true;
}

std::string decimal(int64_t value, int64_t parts) {
  std::string text = std::to_string(value / parts);
  int64_t rest = value % parts;
  if (rest != 0)
    text += '.';
  for (; rest != 0; rest = rest * 10 % parts)
    text += char('0' + rest * 10 / parts);
  return text;
}

std::string checkWhole(const Machine &m) {
  if (m.scratchpad_bytes % m.scratchpad_banks)
    return "scratchpad_bytes = " + std::to_string(m.scratchpad_bytes) + " is no multiple of scratchpad_banks = " +
           std::to_string(m.scratchpad_banks);
  if (m.accumulator_bytes % m.accumulator_banks)
    return "accumulator_bytes = " + std::to_string(m.accumulator_bytes) + " is no multiple of accumulator_banks = " +
           std::to_string(m.accumulator_banks);
  if (m.matmul_cycles_i8 == 0 && m.matmul_cycles_bf16 == 0)
    return "expected matmul_cycles_i8 or matmul_cycles_bf16 above 0";
  return "";
}
} // namespace

bool Machine::parse(std::string_view text, std::string_view origin, Machine &machine, std::string &error) {
  machine = Machine();
  std::map<std::string, unsigned, std::less<>> seen;
  unsigned line = 0;
  auto fail = [&](const std::string &what) {
    error = std::string(origin) + ":" + std::to_string(line) + ": " + what +
            "; girih-sim --print-machine prints a machine's keys";
    return false;
  };
  while (!text.empty()) {
    ++line;
    size_t end = text.find('\n');
    std::string_view content = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    content = trim(content.substr(0, content.find('#')));
    if (content.empty())
      continue;
    size_t equals = content.find('=');
    std::string_view key = trim(content.substr(0, equals)), value = equals == content.npos ? "" : trim(content.substr(equals + 1));
    if (key.empty() || value.empty())
      return fail("expected 'key = value', but found '" + std::string(content) + "'");
    if (auto [it, fresh] = seen.emplace(key, line); !fresh)
      return fail("'" + std::string(key) + "' was already given on line " + std::to_string(it->second));
    if (key == "target") {
      if (value != "systolic")
        return fail("expected target systolic, but found '" + std::string(value) + "'");
      continue;
    }
    if (key == "name" || key == "description") {
      (key == "name" ? machine.name : machine.description) = value;
      continue;
    }
    const Key *known = nullptr;
    for (const Key &candidate : kKeys)
      if (key == candidate.name)
        known = &candidate;
    if (!known)
      return fail("unknown key '" + std::string(key) + "'");
    int64_t number = 0;
    if (!parseNumber(value, known->parts, number) || number < known->least || number > known->most)
      return fail("expected " + std::string(key) + " between " + decimal(known->least, known->parts) + " and " +
                  decimal(known->most, known->parts) + (known->parts > 1 ? " in steps of 1/" + std::to_string(known->parts) : "") +
                  ", but found '" + std::string(value) + "'");
    machine.*known->field = number;
  }
  for (const char *needed : {"target", "name"})
    if (!seen.count(needed))
      return fail("expected a line '" + std::string(needed) + " = …', but found none");
  for (const Key &key : kKeys)
    if (machine.*key.field < 0)
      return fail("expected a line '" + std::string(key.name) + " = …', but found none");
  if (std::string wrong = checkWhole(machine); !wrong.empty())
    return fail(wrong);
  return true;
}

bool Machine::find(const std::string &spec, Machine &machine, std::string &error) {
  for (unsigned i = 0; i != kEmbeddedMachineCount; ++i)
    if (kEmbeddedMachines[i].name == spec)
      return parse(kEmbeddedMachines[i].text, spec, machine, error);
  std::ifstream file(spec);
  if (!file) {
    error = "expected a machine: ";
    for (const std::string &name : presetNames())
      error += name + ", ";
    error += "or the path of a facts file, but found '" + spec + "'";
    return false;
  }
  std::stringstream text;
  text << file.rdbuf();
  return parse(text.str(), spec, machine, error);
}

std::string Machine::text() const {
  std::string out = "target = systolic\nname = " + name + "\n";
  if (!description.empty())
    out += "description = " + description + "\n";
  for (const Key &key : kKeys)
    out += std::string(key.name) + " = " + decimal(this->*key.field, key.parts) + "\n";
  return out;
}

int64_t Machine::functionCycles(Function function) const {
  switch (function) {
#define SYSTOLIC_FUNCTION(name, code, fact)                                                                            \
  case Function::name:                                                                                                 \
    return fact;
#include "girih-runtime/SystolicISA.def"
  }
  return 1;
}

unsigned Machine::reduceLevels() const { return unsigned(std::bit_width(uint64_t(array_columns - 1))); }

std::vector<std::string> girih::systolic::presetNames() {
  std::vector<std::string> names;
  for (unsigned i = 0; i != kEmbeddedMachineCount; ++i)
    names.emplace_back(kEmbeddedMachines[i].name);
  return names;
}
