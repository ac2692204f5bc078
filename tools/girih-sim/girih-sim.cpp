// girih-sim: assembles, runs and reports on programs of the systolic machine. Exit status: 0 done, 1 the program failed or memory
// is not as expected, 2 usage, 3 unreadable input.
#include "runtime/Systolic/Report.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace girih::systolic;

namespace {

constexpr const char *kUsage = R"(usage: girih-sim [options] PROGRAM

PROGRAM is assembly text or a binary program of the systolic machine.

  --machine=NAME      a preset (edge16, edge32, tpu-v1-like, tpu-v5e-like) or a facts file; default edge32
  --print-machine     print the machine's facts and stop
  --assemble=FILE     write the binary program and stop
  --disassemble       print the program as assembly and stop
  --timing-only       no data: the same cycles, much faster
  --no-races          do not look for races
  --reg=N:VALUE       set register N at launch
  --load=FILE@ADDRESS put a file's bytes into DRAM at launch
  --save=FILE@ADDRESS:BYTES  write DRAM to a file afterwards
  --max-cycles=N      give up after N cycles; default 1000000000000
  --max-instructions=N  give up after N executed instructions; default 1000000000
  --trace             print every instruction with its cycles
  --step              single-step: a line each event, commands from standard input (h for help)
  --print=WHAT        afterwards: registers, semaphores, or MEMORY:ADDRESS:TYPE:COUNT with MEMORY local or dram
  --json              the report as JSON
  --timeline=FILE     Perfetto timeline
  --roofline=FILE     roofline plot as SVG
)";

struct Settings {
  std::string program, machine = "edge32", assembleTo, timeline, roofline;
  bool printMachine = false, disassemble = false, trace = false, step = false, json = false;
  std::vector<std::string> prints, loads, saves, registers;
  Options options;
};

[[noreturn]] void stop(int status, const std::string &message) {
  fflush(stdout);
  fprintf(stderr, "girih-sim: error: %s\n", message.c_str());
  exit(status);
}

bool number(const std::string &text, int64_t &value) {
  char *end;
  value = strtoll(text.c_str(), &end, 0);
  return !text.empty() && *end == 0;
}

int64_t needNumber(const std::string &text, const char *what) {
  int64_t value;
  if (!number(text, value))
    stop(2, std::string("expected a number for ") + what + ", but found '" + text + "'");
  return value;
}

bool takeValue(const std::string &argument, const char *name, std::string &value) {
  std::string prefix = std::string(name) + "=";
  if (argument.compare(0, prefix.size(), prefix) != 0)
    return false;
  return value = argument.substr(prefix.size()), true;
}

Settings parse(int argc, char **argv) {
  Settings s;
  s.options.maxCycles = 1000000000000;
  s.options.maxInstructions = 1000000000;
  for (int i = 1; i < argc; ++i) {
    std::string a = argv[i], v;
    if (a == "--help" || a == "-h")
      printf("%s", kUsage), exit(0);
    else if (a == "--print-machine")
      s.printMachine = true;
    else if (a == "--disassemble")
      s.disassemble = true;
    else if (a == "--timing-only")
      s.options.data = false;
    else if (a == "--no-races")
      s.options.races = false;
    else if (a == "--trace")
      s.trace = true;
    else if (a == "--step")
      s.step = true;
    else if (a == "--json")
      s.json = true;
    else if (takeValue(a, "--machine", s.machine) || takeValue(a, "--assemble", s.assembleTo) || takeValue(a, "--timeline", s.timeline) ||
             takeValue(a, "--roofline", s.roofline))
      continue;
    else if (takeValue(a, "--print", v))
      s.prints.push_back(v);
    else if (takeValue(a, "--load", v))
      s.loads.push_back(v);
    else if (takeValue(a, "--save", v))
      s.saves.push_back(v);
    else if (takeValue(a, "--reg", v))
      s.registers.push_back(v);
    else if (takeValue(a, "--max-cycles", v))
      s.options.maxCycles = needNumber(v, "--max-cycles");
    else if (takeValue(a, "--max-instructions", v))
      s.options.maxInstructions = uint64_t(needNumber(v, "--max-instructions"));
    else if (a.size() > 1 && a[0] == '-')
      stop(2, "unknown option '" + a + "'; --help lists them");
    else if (s.program.empty())
      s.program = a;
    else
      stop(2, "expected one program, but found '" + s.program + "' and '" + a + "'");
  }
  if (s.program.empty() && !s.printMachine)
    stop(2, "expected a program; --help tells how");
  return s;
}

std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf()))
    stop(3, "cannot read '" + path + "'");
  return text.str();
}

void writeFile(const std::string &path, const void *bytes, size_t size) {
  std::ofstream file(path, std::ios::binary);
  file.write(static_cast<const char *>(bytes), std::streamsize(size));
  if (!file.flush())
    stop(3, "cannot write '" + path + "'");
}

Program readProgramFile(const std::string &path) {
  std::string text = readFile(path), error;
  Program program;
  if (isBinaryProgram(text)) {
    if (!readProgram(reinterpret_cast<const uint8_t *>(text.data()), text.size(), program, error))
      stop(1, path + ": " + error);
  } else if (!assemble(text, path, program, error)) {
    stop(1, error);
  }
  return program;
}

/// Splits at `separator`; the last part takes the rest.
std::vector<std::string> splitAt(const std::string &text, char separator, size_t parts) {
  std::vector<std::string> out;
  size_t at = 0;
  for (; out.size() + 1 < parts; at = text.find(separator, at) + 1) {
    size_t end = text.find(separator, at);
    if (end == text.npos)
      break;
    out.push_back(text.substr(at, end - at));
  }
  out.push_back(text.substr(at));
  return out;
}

std::pair<std::string, std::string> fileAt(const std::string &text, const char *option) {
  size_t at = text.rfind('@');
  if (at == text.npos)
    stop(2, std::string("expected ") + option + "=FILE@ADDRESS, but found '" + text + "'");
  return {text.substr(0, at), text.substr(at + 1)};
}

void prepare(const Settings &s, Program &program) {
  for (const std::string &text : s.registers) {
    auto parts = splitAt(text, ':', 2);
    int64_t n = parts.size() == 2 ? needNumber(parts[0], "a register") : -1;
    if (n < 1 || n >= kRegisters)
      stop(2, "expected --reg=N:VALUE with N from 1 to 31, but found '" + text + "'");
    program.registers[n] = needNumber(parts[1], "a register's value");
  }
  for (const std::string &text : s.loads) {
    auto [path, address] = fileAt(text, "--load");
    std::string bytes = readFile(path);
    program.memory.push_back({uint64_t(needNumber(address, "an address")), {bytes.begin(), bytes.end()}});
  }
}

double elementValue(const uint8_t *at, Type type) {
  uint32_t word = 0;
  memcpy(&word, at, typeBytes(type));
  float f;
  switch (type) {
  case Type::i8:
    return int8_t(word);
  case Type::i32:
    return int32_t(word);
  case Type::bf16:
    word <<= 16;
    [[fallthrough]];
  default:
    memcpy(&f, &word, 4);
    return f;
  }
}

/// Prints a piece of memory; returns what is wrong with the request.
std::string printMemory(const Simulator &sim, const std::string &what) {
  auto parts = splitAt(what, ':', 4);
  Type type = Type::none;
  if (parts.size() == 4) {
#define SYSTOLIC_TYPE(name, code, bytes)                                                                               \
  if (parts[2] == #name)                                                                                               \
    type = Type(code);
#include "girih-runtime/SystolicISA.def"
  }
  if (type == Type::none || (parts[0] != "local" && parts[0] != "dram"))
    return "expected registers, semaphores or MEMORY:ADDRESS:TYPE:COUNT, but found '" + what + "'";
  bool isDram = parts[0] == "dram";
  int64_t address, count, t = typeBytes(type);
  if (!number(parts[1], address) || !number(parts[3], count))
    return "expected numbers for address and count, but found '" + what + "'";
  uint32_t offset = uint32_t(address) & kLocalOffsetMask, array = uint32_t(address) >> kArrayShift & 7;
  bool accumulator = uint32_t(address) & kAccumulatorBit;
  int64_t size = isDram ? sim.machine.dram_bytes : accumulator ? sim.machine.accumulator_bytes : sim.machine.scratchpad_bytes;
  int64_t start = isDram ? address : offset;
  if (count < 0 || count > (1 << 20) || start < 0 || start > size - count * t || (!isDram && accumulator && array >= sim.machine.arrays))
    return "'" + what + "' lies outside the memory";
  std::vector<uint8_t> bytes(count * t);
  if (!isDram && sim.local.scratchpad.empty())
    return "a run for timing alone has no data to print";
  if (isDram)
    sim.dram.read(uint64_t(address), bytes.data(), bytes.size());
  else if (count)
    memcpy(bytes.data(), sim.local.at(uint32_t(address)), bytes.size());
  printf("%s", what.c_str());
  for (int64_t i = 0; i != count; ++i)
    printf(" %.9g", elementValue(bytes.data() + i * t, type));
  printf("\n");
  return "";
}

std::string print(const Simulator &sim, const std::string &what) {
  if (what == "registers") {
    for (unsigned i = 1; i != kRegisters; ++i)
      if (sim.registers()[i])
        printf("r%u = %lld\n", i, static_cast<long long>(sim.registers()[i]));
  } else if (what == "semaphores") {
    for (unsigned i = 0; i != kSemaphores; ++i)
      if (sim.semaphores()[i])
        printf("semaphore %u = %u\n", i, sim.semaphores()[i]);
  } else {
    return printMemory(sim, what);
  }
  return "";
}

void stepping(Simulator &sim, const Program &program) {
  for (std::string line; sim.state() == State::Running && std::getline(std::cin, line);) {
    if (line == "h") {
      printf("empty: next event; r: registers; s: semaphores; q: queues; c: run on; p MEMORY:ADDRESS:TYPE:COUNT\n");
    } else if (line == "r" || line == "s") {
      print(sim, line == "r" ? "registers" : "semaphores");
    } else if (line.starts_with("p ")) {
      if (std::string wrong = print(sim, line.substr(2)); !wrong.empty())
        printf("error: %s\n", wrong.c_str());
    } else if (line == "q") {
      const char *names[] = {"LD", "WL", "MX", "VX", "ST"};
      for (unsigned q = 0; q != kQueues; ++q)
        printf("%s holds %zu\n", names[q], sim.queued(q));
    } else if (line == "c") {
      sim.run();
    } else {
      sim.step();
      uint32_t pc = sim.counter();
      printf("cycle %lld, next %u: %s\n", static_cast<long long>(sim.cycle()), pc,
             pc < program.code.size() ? disassemble(program.code[pc]).c_str() : "the end");
    }
    fflush(stdout);
  }
  sim.run();
}

/// Says what DRAM holds where it is not as the program expects.
bool checkExpected(const Simulator &sim, const Program &program) {
  for (const DramSegment &segment : program.expected) {
    std::vector<uint8_t> bytes(segment.bytes.size());
    if (segment.address > uint64_t(sim.machine.dram_bytes) || bytes.size() > sim.machine.dram_bytes - segment.address)
      stop(1, "the expected data at " + std::to_string(segment.address) + " lies past the DRAM");
    sim.dram.read(segment.address, bytes.data(), bytes.size());
    for (size_t i = 0; i != bytes.size(); ++i)
      if (bytes[i] != segment.bytes[i]) {
        fprintf(stderr, "girih-sim: error: DRAM byte %llu is %d, expected %d\n", static_cast<unsigned long long>(segment.address + i), bytes[i],
                segment.bytes[i]);
        return false;
      }
  }
  return true;
}

void save(const Simulator &sim, const std::string &text) {
  auto [path, rest] = fileAt(text, "--save");
  auto parts = splitAt(rest, ':', 2);
  int64_t address = needNumber(parts[0], "an address"), count = parts.size() == 2 ? needNumber(parts[1], "a count of bytes") : -1;
  if (address < 0 || count < 0 || address > sim.machine.dram_bytes - count)
    stop(2, "expected --save=FILE@ADDRESS:BYTES within the DRAM, but found '" + text + "'");
  std::vector<uint8_t> bytes(count);
  sim.dram.read(uint64_t(address), bytes.data(), bytes.size());
  writeFile(path, bytes.data(), bytes.size());
}

} // namespace

int main(int argc, char **argv) {
  Settings s = parse(argc, argv);
  Machine machine;
  std::string error;
  if (!Machine::find(s.machine, machine, error))
    stop(2, error);
  if (s.printMachine)
    return printf("%s", machine.text().c_str()), 0;
  Program program = readProgramFile(s.program);
  if (s.disassemble)
    return printf("%s", disassemble(program).c_str()), 0;
  if (!s.assembleTo.empty()) {
    std::vector<uint8_t> bytes = writeProgram(program);
    return writeFile(s.assembleTo, bytes.data(), bytes.size()), 0;
  }
  prepare(s, program);
  Timeline timeline(machine, program);
  if (s.trace || !s.timeline.empty())
    s.options.record = [&](const Record &r) {
      if (s.trace)
        printf("%u dispatched %lld issued %lld retires %lld: %s\n", r.index, static_cast<long long>(r.dispatch), static_cast<long long>(r.issue),
               static_cast<long long>(r.retire), disassemble(program.code[r.index]).c_str());
      if (!s.timeline.empty())
        timeline.add(r);
    };
  Simulator sim(machine, program, s.options);
  if (s.step)
    stepping(sim, program);
  else
    sim.run();
  for (const std::string &what : s.prints)
    if (std::string wrong = print(sim, what); !wrong.empty())
      stop(2, wrong);
  if (!s.timeline.empty()) {
    std::string text = timeline.finish();
    writeFile(s.timeline, text.data(), text.size());
  }
  if (sim.state() == State::Faulted) {
    const Fault &fault = sim.fault();
    std::string where = fault.index < program.lines.size() ? ", line " + std::to_string(program.lines[fault.index]) : "";
    stop(1, "instruction " + std::to_string(fault.index) + where + ", cycle " + std::to_string(fault.cycle) + ": " + fault.reason);
  }
  Report report{machine, program, sim.statistics()};
  printf("%s", (s.json ? reportJson(report) : reportText(report)).c_str());
  if (!s.roofline.empty()) {
    std::string svg = rooflineSvg(report);
    writeFile(s.roofline, svg.data(), svg.size());
  }
  for (const std::string &text : s.saves)
    save(sim, text);
  return s.options.data && !checkExpected(sim, program) ? 1 : 0;
}
