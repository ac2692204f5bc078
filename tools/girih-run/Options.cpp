// Parses the command line: --name=value or --name value.
#include "Options.h"
#include "Report.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>

using namespace girih::run;

void girih::run::printHelp() {
  fputs(
      "girih-run: list, run, measure and check the entry points of an artifact\n"
      "\n"
      "usage: girih-run ARTIFACT [options]\n"
      "\n"
      "without options it lists entry points with shapes and types, symbols and their bounds, and sizes\n"
      "\n"
      "run once\n"
      "  --entry=NAME             entry point (default: the first)\n"
      "  --input=[NAME=]FILE.npy  an input; without NAME the next one in order. int64 and float64 are "
      "narrowed\n"
      "  --output=NAME=FILE.npy   write an output; others are summarised on the terminal\n"
      "  --shape=SYMBOL=N,...     sizes for inputs that are not given: they are made up, integers within "
      "their range\n"
      "                           (a range of [0, 2), a mask, is all ones), floats in [-1, 1); a decoder's "
      "step is one of\n"
      "                           sequences that have `total` tokens with it, in slots of their own\n"
      "  --random                 run with made-up inputs even if no input and no shape is given\n"
      "  --seed=N                 of what is made up (default 1)\n"
      "\n"
      "generate\n"
      "  --generate=ID,ID,...     prefill these tokens and decode what follows, always the most likely "
      "token; prints ids\n"
      "  --new-tokens=N           how many (default 16)\n"
      "\n"
      "how to run\n"
      "  --threads=N              threads, the caller's included (default: physical cores allowed)\n"
      "  --code=VERSION           take this code version, e.g. x86-64-v3 (default: the best for this CPU)\n"
      "\n"
      "measure\n"
      "  --benchmark              median and spread of repeated runs, GFLOP/s, bytes moved, share of the "
      "roofline that this\n"
      "                           machine's measured FMA peak and memory bandwidth allow; on other machines "
      "than the CPU\n"
      "                           what each layer costs there\n"
      "  --warmup=N --repeats=N   untimed and timed runs (default: 3, and about two seconds' worth)\n"
      "  --per-launch             a table of launches under their layers' names\n"
      "  --json                   print results as JSON\n"
      "  --programs=FOLDER        leave every launch on the systolic machine there, with its memory, as "
      "girih-sim runs it\n"
      "  --trace=FILE.json        write a run's launches as trace events; open it at ui.perfetto.dev\n"
      "\n"
      "check\n"
      "  --compare-reference=MODEL  run the compiler's reference interpreter beside the artifact on the "
      "same inputs and\n"
      "                           name the first layer where they part; MODEL is what the artifact was "
      "compiled from\n"
      "  --tolerance=X            largest difference, relative to the tensor's largest value (default: "
      "1e-4 for f32,\n"
      "                           2e-2 for bf16 and f16, 5e-2 for int8)\n"
      "  --calibrate=FILE         ranges that the artifact was compiled with\n"
      "  --compiler-library=FILE  libGirih.so (default: beside this program, then the system's)\n"
      "\n"
      "  --help, --version\n"
      "\n"
      "exit status: 0 success, 1 the reference differs, 2 usage, 3 bad input, 4 resource, 5 internal\n",
      stdout);
}

static Failure usage(std::string message) {
  return {Usage, "usage", std::move(message) + "; see girih-run --help"};
}

static uint64_t number(std::string_view name, const std::string &text, uint64_t most) {
  char *end = nullptr;
  uint64_t value = strtoull(text.c_str(), &end, 10);
  if (text.empty() || text[0] == '-' || *end != '\0' || value > most)
    throw usage("expected --" + std::string(name) + " to be a number up to " + std::to_string(most) +
                " but got '" + text + "'");
  return value;
}

static uint32_t positiveNumber(std::string_view name, const std::string &text, uint32_t most) {
  uint64_t value = number(name, text, most);
  if (value == 0)
    throw usage("expected --" + std::string(name) + " to be at least 1 but got '" + text + "'");
  return uint32_t(value);
}

/// "batch=1,seq=128"
static void parseShape(const std::string &text, std::map<std::string, int64_t> &shape) {
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    std::string item = text.substr(begin, end - begin);
    size_t equals = item.find('=');
    if (equals == std::string::npos)
      throw usage("expected --shape to list SYMBOL=N but got '" + item + "'");
    shape[item.substr(0, equals)] = int64_t(number("shape", item.substr(equals + 1), INT64_MAX));
    begin = end + 1;
  }
}

/// "1,2,3"
static void parseIds(const std::string &text, std::vector<int32_t> &ids) {
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    ids.push_back(int32_t(number("generate", text.substr(begin, end - begin), INT32_MAX)));
    begin = end + 1;
  }
}

static void parseOutput(const std::string &text, std::map<std::string, std::string> &outputs) {
  size_t equals = text.find('=');
  if (equals == std::string::npos)
    throw usage("expected --output=NAME=FILE.npy but got '" + text + "'");
  outputs[text.substr(0, equals)] = text.substr(equals + 1);
}

static double positive(const std::string &text) {
  char *end = nullptr;
  double value = strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value > 0))
    throw usage("expected --tolerance to be a positive number but got '" + text + "'");
  return value;
}

/// Options that would be ignored are refused.
static void checkTogether(const Options &o) {
  if (o.artifact.empty() && !o.help && !o.version)
    throw usage("expected an artifact");
  if (o.json && !o.benchmark)
    throw usage("expected --json together with --benchmark, whose results it prints");
  if (o.perLaunch && !o.benchmark)
    throw usage("expected --per-launch together with --benchmark, whose table it is");
}

Options girih::run::parseOptions(int argc, char **argv) {
  Options o;
  const std::map<std::string_view, bool *> flags = {
      {"help", &o.help},           {"version", &o.version},      {"random", &o.run},
      {"benchmark", &o.benchmark}, {"per-launch", &o.perLaunch}, {"json", &o.json}};
  const std::map<std::string_view, std::function<void(const std::string &)>> values = {
      {"entry", [&](auto &v) { o.entry = v; }},
      {"input", [&](auto &v) { o.inputs.push_back(v); }},
      {"output", [&](auto &v) { parseOutput(v, o.outputs); }},
      {"shape", [&](auto &v) { parseShape(v, o.shape); }},
      {"seed", [&](auto &v) { o.seed = number("seed", v, UINT64_MAX); }},
      {"threads", [&](auto &v) { o.threads = positiveNumber("threads", v, 4096); }},
      {"generate", [&](auto &v) { parseIds(v, o.generate); }},
      {"new-tokens", [&](auto &v) { o.newTokens = positiveNumber("new-tokens", v, 1u << 30); }},
      {"code", [&](auto &v) { o.code = v; }},
      {"warmup", [&](auto &v) { o.warmup = uint32_t(number("warmup", v, 1000000)); }},
      {"repeats", [&](auto &v) { o.repeats = positiveNumber("repeats", v, 1000000); }},
      {"trace", [&](auto &v) { o.trace = v; }},
      {"programs", [&](auto &v) { o.programs = v; }},
      {"compare-reference", [&](auto &v) { o.compareModel = v; }},
      {"calibrate", [&](auto &v) { o.calibration = v; }},
      {"tolerance", [&](auto &v) { o.tolerance = positive(v); }},
      {"compiler-library", [&](auto &v) { o.compilerLibrary = v; }}};

  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (!argument.starts_with("--")) {
      if (argument.starts_with("-") || !o.artifact.empty())
        throw usage("expected one artifact but got '" + std::string(argument) + "' too");
      o.artifact = argument;
      continue;
    }
    size_t equals = argument.find('=');
    std::string_view name = argument.substr(2, equals == std::string_view::npos ? equals : equals - 2);
    if (auto flag = flags.find(name); flag != flags.end() && equals == std::string_view::npos) {
      *flag->second = true;
      continue;
    }
    auto value = values.find(name);
    if (value == values.end())
      throw usage("unknown option '" + std::string(argument) + "'");
    if (equals == std::string_view::npos && i + 1 == argc)
      throw usage("expected a value after '" + std::string(argument) + "'");
    value->second(std::string(equals == std::string_view::npos ? argv[++i] : argument.substr(equals + 1)));
  }
  checkTogether(o);
  return o;
}
