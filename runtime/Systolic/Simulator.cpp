// The cycle's three phases, the jump from one eventful cycle to the next, and what to say when nothing can happen any more.
#include "runtime/Systolic/Simulator.h"

#include <algorithm>

using namespace girih::systolic;

static const char *queueName(unsigned queue) {
  switch (Queue(queue)) {
#define SYSTOLIC_QUEUE(name, number, meaning)                                                                          \
  case Queue::name:                                                                                                    \
    return #name;
#include "girih-runtime/SystolicISA.def"
  }
  return "?";
}

Simulator::Simulator(const Machine &machine, const Program &program, Options options)
    : machine(machine), local(machine, options.data), program(program), options(std::move(options)), regs(program.registers) {
  regs[0] = 0;
  arrays.resize(machine.arrays);
  for (Array &array : arrays)
    for (auto *ports : {&array.mxRead, &array.mxWrite, &array.vxRead, &array.vxWrite})
      ports->assign(machine.accumulator_banks, 0);
  padRead.assign(machine.scratchpad_banks, 0);
  padWrite.assign(machine.scratchpad_banks, 0);
  stats.arrays.resize(machine.arrays);
  chainClocks.resize(kChains);
  checked.resize(program.code.size());
  fixed.resize(program.code.size());
  for (const DramSegment &segment : program.memory) {
    if (segment.address > uint64_t(machine.dram_bytes) || segment.bytes.size() > machine.dram_bytes - segment.address) {
      fail(0, "data at " + std::to_string(segment.address) + " ends past the DRAM's " + std::to_string(machine.dram_bytes) + " bytes");
      return;
    }
    if (this->options.data)
      dram.write(segment.address, segment.bytes.data(), segment.bytes.size());
  }
}

State Simulator::run() {
  while (current == State::Running)
    step();
  return current;
}

State Simulator::step() {
  if (current != State::Running)
    return current;
  int64_t next = nextEvent();
  if (next == kNever) {
    deadlock();
    return current;
  }
  if (next >= options.maxCycles) {
    fail(pc, "the program is still running after " + std::to_string(options.maxCycles) + " cycles, the limit",
         Limit::Cycles);
    return current;
  }
  now = next;
  retire();
  if (current == State::Running)
    issueAll();
  if (current == State::Running)
    sequence();
  return current;
}

/// The next cycle in which a phase has something to do.
int64_t Simulator::nextEvent() {
  int64_t next = kNever;
  auto consider = [&](int64_t cycle) { next = std::min(next, std::max(cycle, now + 1)); };
  if (!retirements.empty())
    consider(retirements.top().cycle);
  if (anyPending)
    consider(pendingAt);
  if (pc >= program.code.size()) {
    consider(sequenceAt);
  } else {
    const Instruction &instruction = program.code[pc];
    const OpInfo *info = instruction.op < 0 ? nullptr : opInfo(unsigned(instruction.op));
    if (!info || !sequencerBlocked(instruction, *info))
      consider(sequenceAt);
  }
  for (unsigned q = 0; q != kQueues && next > now + 1; ++q) {
    if (queues[q].empty())
      continue;
    Entry &head = queues[q].front();
    if (head.tokensAt < 0) {
      if (!haveTokens(head.what.code))
        continue;
      head.tokensAt = now;
    }
    int64_t unit = unitReady(head);
    if (unit != kNever)
      consider(std::max({head.dispatch + 1, unit, portsReady(head)}));
  }
  return next;
}

/// Phase 1: instructions whose time has come signal and are gone.
void Simulator::retire() {
  auto signal = [&](int64_t field, uint32_t index, const Clock *clock) {
    TokenCount token = tokens(field);
    if (!token.count)
      return;
    if ((tokensOf[token.semaphore] += token.count) > kMaxTokens)
      return fail(index, "semaphore " + std::to_string(token.semaphore) + " rises above " + std::to_string(kMaxTokens));
    if (clock)
      tokenClocks[token.semaphore].push_back({*clock, token.count});
  };
  if (anyPending && pendingAt <= now) {
    anyPending = false;
    for (unsigned s = 0; s != kSemaphores; ++s)
      if (pendingSignals[s]) {
        signal(tokenField(s, unsigned(pendingSignals[s])), pendingFrom,
               options.races ? &sequencerClock : nullptr);
        pendingSignals[s] = 0;
      }
  }
  while (!retirements.empty() && retirements.top().cycle <= now) {
    Retirement done = retirements.top();
    retirements.pop();
    const Clock *clock = options.races ? &clocks[done.clock] : nullptr;
    signal(done.signal0, done.index, clock);
    signal(done.signal1, done.index, clock);
    if (options.races)
      freeClocks.push_back(done.clock);
  }
}

/// Phase 2: each queue may issue its head.
void Simulator::issueAll() {
  for (unsigned q = 0; q != kQueues && current == State::Running; ++q) {
    if (queues[q].empty())
      continue;
    Entry &head = queues[q].front();
    if (!haveTokens(head.what.code))
      continue;
    if (head.tokensAt < 0)
      head.tokensAt = now;
    if (head.dispatch < now && unitReady(head) <= now && portsReady(head) <= now)
      issue(q);
  }
}

/// Phase 3: the sequencer executes or dispatches one instruction.
void Simulator::sequence() {
  if (now < sequenceAt)
    return;
  if (pc >= program.code.size())
    return fail(pc, "the program runs past its end, which has no halt");
  const Instruction &instruction = program.code[pc];
  if (!checked[pc])
    if (std::string wrong = checkInstruction(instruction); !wrong.empty())
      return fail(pc, wrong);
  checked[pc] = true;
  const OpInfo &info = *opInfo(unsigned(instruction.op));
  if (sequencerBlocked(instruction, info))
    return;
  if (++stats.instructions > options.maxInstructions)
    return fail(pc,
                "the program has executed " + std::to_string(options.maxInstructions) +
                    " instructions, the limit",
                Limit::Instructions);
  ++stats.byQueue[unsigned(info.queue)];
  sequenceAt = now + 1;
  if (info.queue == Queue::SEQ)
    execute(instruction);
  else if (dispatch(instruction, info))
    ++pc;
}

void Simulator::fail(uint32_t index, const std::string &reason, Limit limit) {
  if (current == State::Faulted)
    return;
  current = State::Faulted;
  failure = {index, std::max<int64_t>(now, 0), reason, limit};
  stats.cycles = failure.cycle;
}

static bool signals(const Instruction &i, unsigned semaphore) {
  for (int64_t field : {i.signal0, i.signal1})
    if (TokenCount token = tokens(field); token.count && token.semaphore == semaphore)
      return true;
  return false;
}

/// The instructions that the sequencer may still come to: from the counter on, through branches, and the
/// bodies of loops that go on.
std::vector<bool> Simulator::stillToCome() const {
  std::vector<bool> reached(program.code.size());
  std::vector<int64_t> ahead = {int64_t(pc)};
  for (const Loop &loop : loops)
    if (loop.left > 1)
      ahead.push_back(loop.body);
  while (!ahead.empty()) {
    int64_t at = ahead.back();
    ahead.pop_back();
    if (at < 0 || at >= int64_t(program.code.size()) || reached[at])
      continue;
    reached[at] = true;
    const Instruction &i = program.code[at];
    if (Op(i.op) == Op::halt)
      continue;
    ahead.push_back(at + 1);
    if (Op(i.op) == Op::br)
      ahead.push_back(at + i.imm);
    if (Op(i.op) == Op::loop)
      ahead.push_back(at + 1 + i.cols);
  }
  return reached;
}

/// The first instruction of a kind that has not issued: in a queue, or still to come.
std::string Simulator::whoDoes(const std::function<bool(const Instruction &)> &does) const {
  for (unsigned q = 0; q != kQueues; ++q)
    for (const Entry &entry : queues[q])
      if (does(entry.what.code))
        return "instruction " + std::to_string(entry.what.index) + ", waiting in " + queueName(q);
  std::vector<bool> ahead = stillToCome();
  size_t size = program.code.size();
  for (size_t n = 0; n != size; ++n) {
    size_t i = (pc + n) % size;
    if (ahead[i] && does(program.code[i]))
      return "instruction " + std::to_string(i) +
             (i < pc ? ", to which the sequencer would return" : ", which the sequencer has not reached");
  }
  return "nothing that is still to come";
}

std::string Simulator::waitsForTokens(const Instruction &instruction) const {
  std::string why;
  for (int64_t field : {instruction.wait0, instruction.wait1})
    if (TokenCount token = tokens(field); token.count > 0 && tokensOf[token.semaphore] < token.count)
      why += " waits for semaphore " + std::to_string(token.semaphore) + " (" +
             std::to_string(tokensOf[token.semaphore]) + " of " + std::to_string(token.count) +
             " tokens), signalled by " +
             whoDoes([&](const Instruction &i) { return signals(i, token.semaphore); }) + ";";
  return why;
}

/// The first array whose weight bank is full for a wload, or empty for a matmul.
std::string Simulator::waitsForBank(const Resolved &what) const {
  bool load = Op(what.code.op) == Op::wload;
  unsigned number = load ? what.has(flag::wload_bank) : what.has(flag::matmul_bank);
  for (unsigned m = 0; m != unsigned(machine.arrays); ++m) {
    const Bank &bank = arrays[m].banks[number];
    if (!(what.code.mask >> m & 1) || bank.full != load)
      continue;
    auto partner = [&](const Instruction &i) {
      if (!(i.mask >> m & 1))
        return false;
      return load ? Op(i.op) == Op::matmul && i.flags & flag::matmul_release &&
                        bool(i.flags & flag::matmul_bank) == bool(number)
                  : Op(i.op) == Op::wload && bool(i.flags & flag::wload_bank) == bool(number);
    };
    return " waits for weight bank " + std::to_string(number) + " of array " + std::to_string(m) +
           (load ? ", filled by instruction " + std::to_string(bank.filledBy) + " and released by "
                 : ", filled by ") +
           whoDoes(partner) + ";";
  }
  return "";
}

void Simulator::deadlock() {
  std::string text = "deadlock:";
  uint32_t first = pc;
  bool found = false;
  for (unsigned q = 0; q != kQueues; ++q) {
    if (queues[q].empty())
      continue;
    const Resolved &what = queues[q].front().what;
    std::string why = waitsForTokens(what.code);
    if (why.empty() && (Queue(q) == Queue::WL || Queue(q) == Queue::MX))
      why = waitsForBank(what);
    text += std::string(" ") + queueName(q) + ": instruction " + std::to_string(what.index) + why;
    if (!found)
      first = what.index, found = true;
  }
  const Instruction &instruction = program.code[pc];
  // A queue's instruction waits for its tokens there.
  std::string why = opInfo(unsigned(instruction.op))->queue == Queue::SEQ ? waitsForTokens(instruction) : "";
  if (why.empty())
    why = instruction.op == int64_t(Op::halt) || instruction.op == int64_t(Op::barrier) ? " waits for the queues to empty;"
                                                                                        : " waits for room in its queue;";
  text += " sequencer: instruction " + std::to_string(pc) + why;
  text.pop_back();
  fail(first, text);
}
