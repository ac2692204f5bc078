// girih-run's command line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace girih::run {

struct Options {
  std::string artifact;
  bool help = false, version = false;
  std::string entry, code;
  std::vector<std::string> inputs; // "name=file.npy" or "file.npy", in order
  std::map<std::string, std::string> outputs;
  std::map<std::string, int64_t> shape; // symbol values
  uint32_t threads = 0;
  uint64_t seed = 1;
  bool run = false; // with made-up inputs
  std::vector<int32_t> generate; // a prompt
  uint32_t newTokens = 16;
  bool benchmark = false, perLaunch = false, json = false;
  uint32_t warmup = 3, repeats = 0; // 0: as many as fit a second or two
  std::string trace, programs;
  std::string compareModel, compilerLibrary, calibration;
  double tolerance = 0; // 0: by element type
};

Options parseOptions(int argc, char **argv);
void printHelp();

} // namespace girih::run
