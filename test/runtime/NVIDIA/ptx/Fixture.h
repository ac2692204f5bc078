// Kernels in a line: memory of a device that is none, and bodies that get parameters %a, %b, … and some registers.
#pragma once

#include "Module.h"

#include <cstring>
#include <gtest/gtest.h>
#include <map>

namespace girih::test::ptx {

class TestMemory : public Memory {
public:
  template <typename T> uint64_t put(const std::vector<T> &values) {
    uint64_t address = next;
    next += (values.size() * sizeof(T) + 0xffff) / 0x10000 * 0x10000 + 0x10000;
    std::vector<uint8_t> &bytes = all[address];
    bytes.resize(values.size() * sizeof(T));
    memcpy(bytes.data(), values.data(), bytes.size());
    return address;
  }
  template <typename T> std::vector<T> get(uint64_t address) const {
    const std::vector<uint8_t> &bytes = all.at(address);
    std::vector<T> values(bytes.size() / sizeof(T));
    memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  bool find(uint64_t address, Range &range) const override {
    auto after = all.upper_bound(address);
    if (after == all.begin())
      return false;
    auto &[start, bytes] = *std::prev(after);
    range = {start, bytes.size(), const_cast<uint8_t *>(bytes.data())};
    return address - start < bytes.size();
  }

private:
  std::map<uint64_t, std::vector<uint8_t>> all;
  uint64_t next = 0x700000000000; // not where the host has them
};

/// A module of one kernel `k`, whose parameters are in %a, %b, …; the number of its thread is in %t and, as 64 bits, in %T.
inline std::string kernelOf(const std::string &body, size_t parameters) {
  std::string text = ".version 8.0\n.target sm_90a\n.address_size 64\n.extern .shared .align 16 .b8 shared[];\n.visible .entry k(";
  for (size_t i = 0; i != parameters; ++i)
    text += (i ? ",\n" : "\n") + (".param .u64 k_param_" + std::to_string(i));
  text += "\n)\n{\n.reg .pred %p<9>;\n.reg .b16 %rs<9>;\n.reg .b32 %r<40>;\n.reg .b64 %rd<20>;\n.reg .b32 %t;\n.reg .b64 %T;\n"
          "mov.u32 %t, %tid.x;\ncvt.u64.u32 %T, %t;\n";
  for (size_t i = 0; i != parameters; ++i) {
    std::string name(1, char('a' + i));
    text += ".reg .b64 %" + name + ";\nld.param.b64 %" + name + ", [k_param_" + std::to_string(i) + "];\n";
  }
  return text + body + "\nret;\n}\n";
}

/// "" or what went wrong.
inline std::string run(const std::string &body, const TestMemory &memory, std::vector<uint64_t> parameters, Launch how = {{1}, {64}}) {
  std::string error;
  std::unique_ptr<Module> module = Module::parse(kernelOf(body, parameters.size()), error);
  if (!module)
    return error;
  how.parameters = parameters;
  launch(*module->find("k"), how, memory, error);
  return error;
}

} // namespace girih::test::ptx
