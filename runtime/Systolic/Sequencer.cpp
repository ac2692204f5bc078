// The scalar sequencer: registers, loops, branches, and the dispatch of everything else to its queue.
#include "runtime/Systolic/Simulator.h"

#include <algorithm>

using namespace girih::systolic;

bool Simulator::sequencerBlocked(const Instruction &instruction, const OpInfo &info) const {
  if (info.queue != Queue::SEQ)
    return queues[unsigned(info.queue)].size() >= size_t(machine.queue_depth);
  if (!haveTokens(instruction))
    return true;
  if (info.op != Op::halt && info.op != Op::barrier)
    return false;
  return !retirements.empty() || std::any_of(queues.begin(), queues.end(), [](const auto &queue) { return !queue.empty(); });
}

static uint64_t divide(int64_t a, int64_t b, bool remainder) {
  if (b == -1)
    return remainder ? 0 : uint64_t(0) - uint64_t(a);
  return uint64_t(remainder ? a % b : a / b);
}

static bool compute(Scalar fn, int64_t a, int64_t b, uint64_t &result) {
  uint64_t ua = uint64_t(a), ub = uint64_t(b);
  switch (fn) {
  case Scalar::add_:
    return result = ua + ub, true;
  case Scalar::sub_:
    return result = ua - ub, true;
  case Scalar::mul_:
    return result = ua * ub, true;
  case Scalar::div_:
  case Scalar::rem_:
    if (b == 0)
      return false;
    return result = divide(a, b, fn == Scalar::rem_), true;
  case Scalar::min_:
    return result = uint64_t(std::min(a, b)), true;
  case Scalar::max_:
    return result = uint64_t(std::max(a, b)), true;
  case Scalar::and_:
    return result = ua & ub, true;
  case Scalar::or_:
    return result = ua | ub, true;
  case Scalar::shl_:
    return result = ua << (ub & 63), true;
  case Scalar::shr_:
    return result = uint64_t(a >> (ub & 63)), true;
  }
  return false;
}

void Simulator::execute(const Instruction &i) {
  takeTokens(i, options.races ? &sequencerClock : nullptr);
  for (int64_t field : {i.signal0, i.signal1})
    if (TokenCount token = tokens(field); token.count) {
      pendingSignals[token.semaphore] = token.count;
      anyPending = true, pendingAt = now + 1, pendingFrom = pc;
    }
  if (options.record)
    options.record({pc, tag, Queue::SEQ, 0, now, now, now, now + 1, now + 1});
  executeScalar(i);
  regs[0] = 0;
}

/// Does what the instruction says and moves the counter.
void Simulator::executeScalar(const Instruction &i) {
  auto plus = [](int64_t a, int64_t b) { return int64_t(uint64_t(a) + uint64_t(b)); };
  switch (Op(i.op)) {
  case Op::halt:
    current = State::Halted;
    stats.cycles = now + 1;
    for (Split &split : stats.arrays)
      split.nonMatrix = stats.cycles - split.active - split.weightStall - split.weightShift - split.rawStall;
    return;
  case Op::barrier:
    for (const Clock &clock : chainClocks)
      for (unsigned c = 0; c != kChains && options.races; ++c)
        sequencerClock[c] = std::max(sequencerClock[c], clock[c]);
    break;
  case Op::tag:
    tag = uint32_t(i.imm);
    break;
  case Op::salu: {
    uint64_t result = 0;
    if (!compute(Scalar(i.fn), regs[i.ra], plus(regs[i.rb], i.x), result))
      return fail(pc, "division by zero");
    regs[i.rd] = int64_t(result);
    break;
  }
  case Op::sload: {
    if (!options.data)
      return fail(pc, "sload reads data, which a run for timing alone does not have");
    Instruction read;
    read.op = int64_t(Op::store), read.ta = int64_t(Type::i32), read.rows = 1,
    read.cols = 1; // it has the same operand
    read.a = i.a, read.ra = i.ra;
    Resolved where;
    if (std::string wrong = resolve(machine, read, regs.data(), where); !wrong.empty())
      return fail(pc, "sload: " + wrong);
    if (options.races) {
      sequencerClock[kSequencerChain] = ++times[kSequencerChain];
      Races::Access access = {kSequencerChain, times[kSequencerChain], pc};
      if (!touch(where.a, false, access, sequencerClock))
        return;
    }
    int32_t value;
    memcpy(&value, local.at(uint32_t(where.code.a)), 4);
    regs[i.rd] = value;
    break;
  }
  case Op::br: {
    int64_t a = regs[i.ra], b = plus(regs[i.rb], i.x);
    Condition condition = Condition(i.fn);
    bool taken = condition == Condition::eq   ? a == b
                 : condition == Condition::ne ? a != b
                 : condition == Condition::lt ? a < b
                                              : a >= b;
    int64_t target = int64_t(pc) + i.imm;
    if (!taken)
      break;
    if (target < 0 || target > int64_t(program.code.size()))
      return fail(pc, "the branch leads to instruction " + std::to_string(target) + " of " + std::to_string(program.code.size()));
    pc = uint32_t(target);
    return;
  }
  case Op::loop: {
    int64_t times = plus(i.rows, regs[i.rn]), end = int64_t(pc) + 1 + i.cols;
    if (i.cols < 1 || end > int64_t(program.code.size()))
      return fail(pc, "the loop's body of " + std::to_string(i.cols) + " instructions ends past the program's " +
                          std::to_string(program.code.size()));
    if (times <= 0) {
      pc = uint32_t(end);
      return;
    }
    if (loops.size() == kMaxLoopDepth)
      return fail(pc, "loops nest deeper than " + std::to_string(kMaxLoopDepth));
    loops.push_back({times, pc + 1});
    break;
  }
  case Op::next:
    if (loops.empty())
      return fail(pc, "next without a loop");
    regs[i.rd] = plus(regs[i.rd], i.dst), regs[0] = 0;
    regs[i.ra] = plus(regs[i.ra], i.a), regs[0] = 0;
    regs[i.rb] = plus(regs[i.rb], i.b);
    if (--loops.back().left > 0) {
      pc = loops.back().body;
      return;
    }
    loops.pop_back();
    break;
  default: // nop
    break;
  }
  ++pc;
}

/// Resolves the instruction at the counter. One that uses no register always means the same, and is resolved
/// once.
std::string Simulator::resolveNext(const Instruction &i, Resolved &what) {
  if (i.rd || i.ra || i.rb || i.rx || i.rn || i.rk || i.ri)
    return resolve(machine, i, regs.data(), what);
  std::unique_ptr<const Resolved> &known = fixed[pc];
  if (!known) {
    if (std::string wrong = resolve(machine, i, regs.data(), what); !wrong.empty())
      return wrong;
    known = std::make_unique<const Resolved>(what);
    return "";
  }
  what = *known;
  return "";
}

bool Simulator::dispatch(const Instruction &instruction, const OpInfo &info) {
  Entry &entry = queues[unsigned(info.queue)].emplace_back();
  std::string wrong = resolveNext(instruction, entry.what);
  if (wrong.empty() && machine.output_stationary && options.data && info.queue == Queue::MX)
    wrong = "an output-stationary machine runs for timing alone";
  if (!wrong.empty()) {
    queues[unsigned(info.queue)].pop_back();
    fail(pc, std::string(info.name) + ": " + wrong);
    return false;
  }
  entry.what.index = pc, entry.what.tag = tag;
  entry.dispatch = now;
  if (options.races)
    entry.what.clocks = keepClock(sequencerClock);
  return true;
}
