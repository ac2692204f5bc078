// Compares the simulator with its twin in SystemVerilog: the cycle in which every instruction is dispatched,
// issued and retired, and every byte of the memories. Prints what it did; status 1 if anything differs that
// should not, or does not that should.
#include "Programs.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

using namespace girih::systolic;
using namespace girih::systolic::twin;

static constexpr const char *kUsage =
    "usage: systolic-twin random COUNT FIRST   random programs on random machines\n"
    "       systolic-twin written              written programs\n"
    "       systolic-twin coverage COUNT       what the written and COUNT random programs execute; all there "
    "is must be among it\n"
    "       systolic-twin controls COUNT       breaks the twin's rules one after another; a written or one "
    "of COUNT random programs must notice\n"
    "       systolic-twin run FILE [MACHINE]   one program, assembly or binary\n"
    "       systolic-twin facts                the machine that programs run on unless they name another\n";

/// Cycles that a twin with a broken rule gets beyond the simulator's, before it counts as hanging.
static constexpr int64_t kPatience = 2000;

static std::string compare(const Sample &sample, int64_t &cycles) {
  std::string wrong = unfit(sample.machine);
  if (!wrong.empty())
    return wrong;
  bool data = !sample.machine.output_stationary;
  Outcome expected = simulate(sample.machine, sample.program, data);
  if (!expected.halted)
    return "the simulator: " + expected.fault;
  cycles += expected.cycles;
  return difference(expected, run(sample.machine, sample.program, 0, expected.cycles + kPatience), data);
}

static int compareAll(const std::vector<Sample> &samples, const char *what) {
  int64_t cycles = 0, wrong = 0;
  for (const Sample &sample : samples)
    if (std::string difference = compare(sample, cycles); !difference.empty()) {
      printf("%s: %s\n", sample.name.c_str(), difference.c_str());
      ++wrong;
    }
  printf("%lldx%lld, %lld arrays: %zu %s programs, %lld cycles, %lld differ\n", static_cast<long long>(kRows),
         static_cast<long long>(kColumns), static_cast<long long>(kArrays), samples.size(), what,
         static_cast<long long>(cycles), static_cast<long long>(wrong));
  return wrong || samples.empty() ? 1 : 0;
}

static std::vector<Sample> randomSamples(int64_t first, int64_t count) {
  std::vector<Sample> samples;
  for (int64_t seed = first; seed != first + count; ++seed)
    samples.push_back(randomSample(uint64_t(seed)));
  return samples;
}

static std::vector<Sample> allSamples(int64_t count) {
  std::vector<Sample> samples = writtenSamples();
  for (Sample &sample : randomSamples(0, count))
    samples.push_back(std::move(sample));
  return samples;
}

static int coverage(int64_t count) {
  Coverage coverage;
  for (const Sample &sample : allSamples(count))
    coverage.add(sample, simulate(sample.machine, sample.program, !sample.machine.output_stationary));
  for (const auto &[what, times] : coverage.counts())
    printf("%8llu %s\n", static_cast<unsigned long long>(times), what.c_str());
  for (const std::string &what : coverage.missing())
    printf("never executed: %s\n", what.c_str());
  return coverage.missing().empty() ? 0 : 1;
}

static int controls(int64_t count) {
  std::vector<Sample> samples = allSamples(count);
  std::vector<Outcome> expected;
  for (const Sample &sample : samples)
    expected.push_back(simulate(sample.machine, sample.program, !sample.machine.output_stationary));
  std::vector<Control> list = twin::controls();
  int64_t noticed = 0;
  for (const Control &control : list) {
    std::string how;
    for (size_t i = 0; how.empty() && i != samples.size(); ++i) {
      const Sample &sample = samples[i];
      how = difference(expected[i],
                       run(sample.machine, sample.program, control.number, expected[i].cycles + kPatience),
                       !sample.machine.output_stationary);
      if (!how.empty())
        how = sample.name + ": " + how;
    }
    noticed += !how.empty();
    printf("%s (%s): %s\n", control.name.c_str(), control.meaning.c_str(),
           how.empty() ? "NOT NOTICED" : how.c_str());
  }
  printf("%lldx%lld, %lld arrays: %lld of %zu broken rules noticed\n", static_cast<long long>(kRows),
         static_cast<long long>(kColumns), static_cast<long long>(kArrays), static_cast<long long>(noticed),
         list.size());
  return list.empty() || noticed != int64_t(list.size()) ? 1 : 0;
}

static int runFile(const char *path, const char *machine) {
  std::stringstream text;
  std::ifstream file(path);
  text << file.rdbuf();
  std::string bytes = text.str(), error;
  Sample sample{path, plainMachine(), {}};
  bool ok = isBinaryProgram(bytes) ? readProgram(reinterpret_cast<const uint8_t *>(bytes.data()),
                                                 bytes.size(), sample.program, error)
                                   : assemble(bytes, path, sample.program, error);
  if (!file || !ok || (machine && !Machine::find(machine, sample.machine, error))) {
    fprintf(stderr, "systolic-twin: error: %s\n",
            file ? error.c_str() : (std::string("cannot read ") + path).c_str());
    return 2;
  }
  return compareAll({sample}, path);
}

int main(int argc, char **argv) {
  std::string_view command = argc > 1 ? argv[1] : "";
  int64_t number = argc > 2 ? atoll(argv[2]) : 0;
  if (command == "random" && argc == 4)
    return compareAll(randomSamples(atoll(argv[3]), number), "random");
  if (command == "written" && argc == 2)
    return compareAll(writtenSamples(), "written");
  if (command == "coverage" && argc == 3)
    return coverage(number);
  if (command == "controls" && argc == 3)
    return controls(number);
  if (command == "run" && (argc == 3 || argc == 4))
    return runFile(argv[2], argc == 4 ? argv[3] : nullptr);
  if (command == "facts" && argc == 2)
    return printf("%s", plainMachine().text().c_str()) < 0;
  fputs(kUsage, stderr);
  return 2;
}
