// girih-sim: assembles, runs and reports on programs of the systolic machine. Exit status: 0 done, 1 the program failed or memory
// is not as expected, 2 usage, 3 unreadable input.
#include "runtime/Systolic/Report.h"

#include <cerrno>
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
  --timing-only       no data: the same cycles, much faster; .expect is not compared
  --no-races          do not look for races
  --reg=N:VALUE       set register N at launch
  --load=FILE@ADDRESS put a file's bytes into DRAM at launch
  --save=FILE@ADDRESS:BYTES  write DRAM to a file afterwards
  --max-cycles=N      give up after N cycles; default 1000000000
  --max-instructions=N  give up after N executed instructions; default 100000000
  --trace             print every instruction with its cycles
  --step              single-step: what each event does, commands from standard input (h for help)
  --print=WHAT        afterwards: registers, semaphores, or MEMORY:ADDRESS:TYPE:COUNT with MEMORY local or dram
  --json              the report, or the fault, as JSON on standard output; all other text goes to standard error
  --timeline=FILE     Perfetto timeline, in which a cycle is a microsecond
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
  errno = 0;
  value = strtoll(text.c_str(), &end, 0);
  return !text.empty() && *end == 0 && errno == 0;
}

int64_t needNumber(const std::string &text, const char *what, int64_t least = INT64_MIN) {
  int64_t value;
  if (!number(text, value) || value < least)
    stop(2,
         std::string("expected ") +
             (least == INT64_MIN ? "a number of 64 bits" : "a number from " + std::to_string(least) + " on") +
             " for " + what + ", but found '" + text + "'");
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
  // Some seconds of this machine's time: a program that never ends is one that its author waits for.
  s.options.maxCycles = 1000000000;
  s.options.maxInstructions = 100000000;
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
      s.options.maxCycles = needNumber(v, "--max-cycles", 1);
    else if (takeValue(a, "--max-instructions", v))
      s.options.maxInstructions = uint64_t(needNumber(v, "--max-instructions", 1));
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
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file)
    stop(3, "cannot read '" + path + "'");
  return text;
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
  if (program.code.empty())
    stop(1, path + ": expected instructions, but found none");
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

void prepare(const Settings &s, const Machine &machine, Program &program) {
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
    program.memory.push_back(
        {uint64_t(needNumber(address, "--load's address", 0)), {bytes.begin(), bytes.end()}});
  }
  for (const auto *segments : {&program.memory, &program.expected})
    for (const DramSegment &segment : *segments)
      if (segment.address > uint64_t(machine.dram_bytes) ||
          segment.bytes.size() > machine.dram_bytes - segment.address)
        stop(1, std::string(segments == &program.memory ? "" : "expected ") + "data of " +
                    std::to_string(segment.bytes.size()) + " bytes at " + std::to_string(segment.address) +
                    " end past the DRAM, which has " + std::to_string(machine.dram_bytes) + " bytes on " +
                    machine.name);
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

/// A request to print; `wrong` says why it is none.
struct Print {
  std::string what, wrong;
  bool isDram = false;
  Type type = Type::none;
  int64_t address = 0, count = 0;
};

/// Why the machine has no such bytes; empty if it does.
std::string outside(const Print &p, const Machine &machine) {
  uint32_t local = uint32_t(p.address), array = local >> kArrayShift & 7;
  bool accumulator = local & kAccumulatorBit;
  int64_t size = p.isDram      ? machine.dram_bytes
                 : accumulator ? machine.accumulator_bytes
                               : machine.scratchpad_bytes;
  int64_t start = p.isDram ? p.address : int64_t(local & kLocalOffsetMask), most = 1 << 20;
  if (p.count < 0 || p.count > most)
    return "expected 0 to " + std::to_string(most) + " elements, but found " + std::to_string(p.count) +
           " in '" + p.what + "'";
  bool isLocal = p.address >= INT32_MIN && p.address <= int64_t(UINT32_MAX) &&
                 (accumulator ? array < machine.arrays : array == 0);
  if ((!p.isDram && !isLocal) || start < 0 || start > size - p.count * int64_t(typeBytes(p.type)))
    return "'" + p.what + "' lies outside the memory, which has " + std::to_string(size) + " bytes";
  return "";
}

Print parsePrint(const std::string &what, const Machine &machine, bool data) {
  Print p = {what, ""};
  if (what == "registers" || what == "semaphores")
    return p;
  auto parts = splitAt(what, ':', 4);
  if (parts.size() == 4) {
#define SYSTOLIC_TYPE(name, code, bytes)                                                                     \
  if (parts[2] == #name)                                                                                     \
    p.type = Type(code);
#include "girih-runtime/SystolicISA.def"
  }
  p.isDram = parts[0] == "dram";
  if (p.type == Type::none || (!p.isDram && parts[0] != "local"))
    p.wrong = "expected registers, semaphores or MEMORY:ADDRESS:TYPE:COUNT with MEMORY local or dram and "
              "TYPE i8, bf16, i32 or f32, but found '" +
              what + "'";
  else if (!number(parts[1], p.address) || !number(parts[3], p.count))
    p.wrong = "expected numbers for address and count, but found '" + what + "'";
  else if (p.wrong = outside(p, machine); p.wrong.empty() && !data)
    p.wrong = "a run for timing alone has no data to print";
  return p;
}

void printMemory(FILE *out, const Simulator &sim, const Print &p) {
  int64_t t = typeBytes(p.type);
  std::vector<uint8_t> bytes(p.count * t);
  if (p.isDram)
    sim.dram.read(uint64_t(p.address), bytes.data(), bytes.size());
  else if (p.count)
    memcpy(bytes.data(), sim.local.at(uint32_t(p.address)), bytes.size());
  fprintf(out, "%s", p.what.c_str());
  for (int64_t i = 0; i != p.count; ++i)
    fprintf(out, " %.9g", elementValue(bytes.data() + i * t, p.type));
  fprintf(out, "\n");
}

void print(FILE *out, const Simulator &sim, const Print &p) {
  bool any = false;
  if (p.what == "registers") {
    for (unsigned i = 1; i != kRegisters; ++i)
      if (sim.registers()[i])
        any = true, fprintf(out, "r%u = %lld\n", i, static_cast<long long>(sim.registers()[i]));
  } else if (p.what == "semaphores") {
    for (unsigned i = 0; i != kSemaphores; ++i)
      if (sim.semaphores()[i])
        any = true, fprintf(out, "semaphore %u = %u\n", i, sim.semaphores()[i]);
  } else {
    return printMemory(out, sim, p);
  }
  if (!any)
    fprintf(out, "all %s are 0\n", p.what.c_str());
}

/// Steps through a run by commands from standard input, and says what each event did.
class Stepper {
public:
  Stepper(FILE *out, const Program &program) : out(out), program(program) {}

  /// What the simulator reports between two steps.
  void note(const Record &r) { unretired.push_back(r), fresh.push_back(r); }

  /// False if the user ends the program here.
  bool run(Simulator &sim) {
    for (std::string line; sim.state() == State::Running && std::getline(std::cin, line);) {
      if (line == "q")
        return false;
      command(sim, line);
      fflush(out);
    }
    sim.run();
    return true;
  }

private:
  FILE *out;
  const Program &program;
  std::vector<Record> fresh, unretired;

  void command(Simulator &sim, const std::string &line) {
    int64_t count = 1;
    if (line == "h") {
      fprintf(out, "empty: next event; N: N events; r: registers; s: semaphores; l: length of the queues; p "
                   "MEMORY:ADDRESS:TYPE:COUNT; "
                   "c or end of input: run on; q: quit\n");
    } else if (line == "r" || line == "s") {
      print(out, sim, {line == "r" ? "registers" : "semaphores", ""});
    } else if (line.starts_with("p ")) {
      Print p = parsePrint(line.substr(2), sim.machine, !sim.local.scratchpad.empty());
      if (p.wrong.empty())
        print(out, sim, p);
      else
        fprintf(out, "error: %s\n", p.wrong.c_str());
    } else if (line == "l") {
      const char *names[] = {"LD", "WL", "MX", "VX", "ST"};
      for (unsigned q = 0; q != kQueues; ++q)
        fprintf(out, "%s holds %zu\n", names[q], sim.queued(q));
    } else if (line == "c") {
      sim.run();
    } else if (line.empty() || (number(line, count) && count > 0)) {
      for (; count && sim.state() == State::Running; --count)
        step(sim);
    } else {
      fprintf(out, "error: expected a command, but found '%s'; h lists them\n", line.c_str());
    }
  }

  void step(Simulator &sim) {
    fresh.clear();
    uint32_t before = sim.counter();
    sim.step();
    uint32_t pc = sim.counter();
    fprintf(out, "cycle %lld, next %u: %s\n", static_cast<long long>(sim.cycle()), pc,
            pc < program.code.size() ? disassemble(program.code[pc]).c_str() : "the end");
    for (const Record &r : fresh)
      if (r.queue != Queue::SEQ)
        fprintf(out, "  issued %u, retires %lld: %s\n", r.index, static_cast<long long>(r.retire),
                disassemble(program.code[r.index]).c_str());
      else
        fprintf(out, "  executed %u: %s\n", r.index, disassemble(program.code[r.index]).c_str());
    if (pc == before + 1 && opInfo(unsigned(program.code[before].op))->queue != Queue::SEQ)
      fprintf(out, "  dispatched %u\n", before);
    std::erase_if(unretired, [&](const Record &r) {
      if (r.retire > sim.cycle())
        return false;
      if (r.queue != Queue::SEQ)
        fprintf(out, "  retired %u\n", r.index);
      return true;
    });
  }
};

/// Says what DRAM holds where it is not as the program expects.
bool checkExpected(const Simulator &sim, const Program &program) {
  for (const DramSegment &segment : program.expected) {
    std::vector<uint8_t> bytes(segment.bytes.size());
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

/// Writes a piece of DRAM, which may be larger than this machine's memory, block by block.
void save(const Simulator &sim, const std::string &text) {
  auto [path, rest] = fileAt(text, "--save");
  auto parts = splitAt(rest, ':', 2);
  int64_t address = needNumber(parts[0], "an address"), count = parts.size() == 2 ? needNumber(parts[1], "a count of bytes") : -1;
  if (address < 0 || count < 0 || address > sim.machine.dram_bytes - count)
    stop(2, "expected --save=FILE@ADDRESS:BYTES within the DRAM, but found '" + text + "'");
  std::ofstream file(path, std::ios::binary);
  std::vector<uint8_t> block(1 << 20);
  for (int64_t done = 0; done < count && file;) {
    int64_t bytes = std::min<int64_t>(count - done, int64_t(block.size()));
    sim.dram.read(uint64_t(address + done), block.data(), uint64_t(bytes));
    file.write(reinterpret_cast<const char *>(block.data()), bytes);
    done += bytes;
  }
  if (!file.flush())
    stop(3, "cannot write '" + path + "'");
}

/// The fault in words, and as JSON where that was asked for.
[[noreturn]] void stopAtFault(const Settings &s, const Program &program, const Fault &fault) {
  bool known = fault.index < program.lines.size();
  const char *raises = fault.limit == Limit::Cycles         ? "; --max-cycles raises it"
                       : fault.limit == Limit::Instructions ? "; --max-instructions raises it"
                                                            : "";
  if (s.json)
    printf("{\"fault\": {\"instruction\": %u, \"line\": %u, \"cycle\": %lld, \"reason\": %s}}\n", fault.index,
           known ? program.lines[fault.index] : 0, static_cast<long long>(fault.cycle),
           jsonText(fault.reason).c_str());
  stop(1, "instruction " + std::to_string(fault.index) +
              (known ? ", line " + std::to_string(program.lines[fault.index]) : "") + ", cycle " +
              std::to_string(fault.cycle) + ": " + fault.reason + raises);
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
  prepare(s, machine, program);
  std::vector<Print> prints; // refused before the run, which may take long
  for (const std::string &what : s.prints)
    if (prints.push_back(parsePrint(what, machine, s.options.data)); !prints.back().wrong.empty())
      stop(2, prints.back().wrong);
  FILE *out = s.json ? stderr : stdout;
  Timeline timeline(machine, program);
  Stepper stepper(out, program);
  if (s.trace || s.step || !s.timeline.empty())
    s.options.record = [&](const Record &r) {
      if (s.trace)
        fprintf(out, "%u dispatched %lld issued %lld retires %lld: %s\n", r.index,
                static_cast<long long>(r.dispatch), static_cast<long long>(r.issue),
                static_cast<long long>(r.retire), disassemble(program.code[r.index]).c_str());
      if (s.step)
        stepper.note(r);
      if (!s.timeline.empty())
        timeline.add(r);
    };
  Simulator sim(machine, program, s.options);
  if (!s.step)
    sim.run();
  else if (!stepper.run(sim))
    return 0;
  for (const Print &p : prints)
    print(out, sim, p);
  if (!s.timeline.empty()) {
    std::string text = timeline.finish();
    writeFile(s.timeline, text.data(), text.size());
  }
  if (sim.state() == State::Faulted)
    stopAtFault(s, program, sim.fault());
  Report report{machine, program, sim.statistics()};
  printf("%s", (s.json ? reportJson(report) : reportText(report)).c_str());
  if (!s.roofline.empty()) {
    std::string svg = rooflineSvg(report);
    writeFile(s.roofline, svg.data(), svg.size());
  }
  for (const std::string &text : s.saves)
    save(sim, text);
  if (!s.options.data && !program.expected.empty())
    fprintf(stderr, "girih-sim: note: a run for timing alone compares nothing with what .expect says\n");
  return s.options.data && !checkExpected(sim, program) ? 1 : 0;
}
