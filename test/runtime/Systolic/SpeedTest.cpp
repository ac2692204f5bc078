// Measures the simulator on a 128x128 array: cycles and instructions a second without data, multiplications a second with it. Figures
// are printed and gate nothing; GIRIH_LONG=1 measures for longer.
#include "Execution.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

using namespace girih::systolic;

namespace {

/// Weight tiles of 128x128 and matmuls of `rows`, double-buffered, `tiles` of them.
std::string stream(const char *type, int64_t rows, int64_t tiles) {
  std::string t = std::string("ta=") + type, pitch = type[0] == 'i' ? "128" : "256";
  std::string rest = " rows=" + std::to_string(rows) + " cols=128 px=128 pd=512 pa=" + pitch;
  return ".reg r1 " + std::to_string(tiles / 2) + "\nloop rows=r1\n" + "wload " + t + " mask=1 a=0x800000 pa=" + pitch + " rows=128 cols=128\nmatmul " + t +
         " mask=1 a=0x100000 release" + rest + "\nwload " + t + " mask=1 a=0x800000 pa=" + pitch + " rows=128 cols=128 bank\nmatmul " + t +
         " mask=1 a=0x100000 bank accumulate release" + rest + "\nnext\nhalt\n";
}

void measure(const std::string &text, bool data, const char *what) {
  Options options;
  options.data = data, options.races = false;
  Program program = assembled(text);
  Machine machine = preset("tpu-v5e-like");
  Simulator sim(machine, program, options);
  clock_t start = clock(); // the core's time, whoever else runs
  EXPECT_EQ(sim.run(), State::Halted) << sim.fault().reason;
  double time = double(clock() - start) / CLOCKS_PER_SEC;
  const Statistics &s = sim.statistics();
  printf("%s: %.1f million cycles/s, %.2f million instructions/s, %.2f GMAC/s\n", what, double(s.cycles) / time * 1e-6, double(s.instructions) / time * 1e-6,
         double(s.macsI8 + s.macsBF16) / time * 1e-9);
}

} // namespace

TEST(SystolicSpeed, Figures) {
  int64_t more = getenv("GIRIH_LONG") ? 20 : 1;
  measure(stream("bf16", 512, 20000 * more), false, "timing only, 512 rows");
  measure(stream("bf16", 8, 20000 * more), false, "timing only, 8 rows");
  measure(stream("i8", 512, 200 * more), true, "int8 with data");
  measure(stream("bf16", 512, 200 * more), true, "bf16 with data");
}
