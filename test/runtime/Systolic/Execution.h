// Helpers of the systolic tests: assemble a text, run it on a preset, look at what came out.
#pragma once

#include "girih-runtime/SystolicNumerics.h"
#include "runtime/Systolic/Simulator.h"

#include <gtest/gtest.h>

namespace girih::systolic {

inline Machine preset(const std::string &name) {
  Machine machine;
  std::string error;
  EXPECT_TRUE(Machine::find(name, machine, error)) << error;
  return machine;
}

inline Program assembled(const std::string &text) {
  Program program;
  std::string error;
  EXPECT_TRUE(assemble(text, "test", program, error)) << error;
  return program;
}

/// A program together with its run, and the records of its instructions in the order of issue.
struct Execution {
  Program program;
  std::vector<Record> records;
  std::unique_ptr<Simulator> sim;
  State state;

  Execution(const Machine &machine, const std::string &text, Options options = {}) : Execution(machine, assembled(text), std::move(options)) {}
  Execution(const Machine &machine, Program made, Options options = {}) : program(std::move(made)) {
    options.record = [this](const Record &record) { records.push_back(record); };
    sim = std::make_unique<Simulator>(machine, program, std::move(options));
    state = sim->run();
  }
  std::string fault() const { return state == State::Faulted ? std::to_string(sim->fault().index) + ": " + sim->fault().reason : ""; }
  const Record &record(uint32_t index) const {
    for (const Record &r : records)
      if (r.index == index)
        return r;
    ADD_FAILURE() << "instruction " << index << " did not issue";
    return records.front();
  }
  template <typename T> std::vector<T> dram(uint64_t address, size_t count) const {
    std::vector<T> out(count);
    sim->dram.read(address, out.data(), count * sizeof(T));
    return out;
  }
  template <typename T> std::vector<T> local(uint32_t address, size_t count) const {
    std::vector<T> out(count);
    memcpy(out.data(), sim->local.at(address), count * sizeof(T));
    return out;
  }
};

/// Cheap pseudo-random numbers, the same everywhere.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  int64_t below(int64_t n) { return int64_t(next() % uint64_t(n)); }
};

} // namespace girih::systolic
