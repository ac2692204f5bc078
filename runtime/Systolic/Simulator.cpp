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
    fail(pc, "the program is still running after " + std::to_string(options.maxCycles) + " cycles, the limit");
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
        signal(tokenField(s, unsigned(pendingSignals[s])), pc, options.races ? &sequencerClock : nullptr);
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
    return fail(pc, "the program has executed " + std::to_string(options.maxInstructions) + " instructions, the limit");
  ++stats.byQueue[unsigned(info.queue)];
  sequenceAt = now + 1;
  if (info.queue == Queue::SEQ)
    execute(instruction);
  else if (dispatch(instruction, info))
    ++pc;
}

void Simulator::fail(uint32_t index, const std::string &reason) {
  if (current == State::Faulted)
    return;
  current = State::Faulted;
  failure = {index, std::max<int64_t>(now, 0), reason};
  stats.cycles = failure.cycle;
}

/// Which instructions that were not yet issued, or are still ahead in the program text, signal a semaphore.
std::string Simulator::whoSignals(unsigned semaphore) const {
  auto signals = [&](const Instruction &i) {
    for (int64_t field : {i.signal0, i.signal1})
      if (TokenCount token = tokens(field); token.count && token.semaphore == semaphore)
        return true;
    return false;
  };
  for (unsigned q = 0; q != kQueues; ++q)
    for (const Entry &entry : queues[q])
      if (signals(entry.what.code))
        return "instruction " + std::to_string(entry.what.index) + ", waiting in " + queueName(q);
  for (uint32_t i = pc; i < program.code.size(); ++i)
    if (signals(program.code[i]))
      return "instruction " + std::to_string(i) + ", which the sequencer has not reached";
  return "nothing that is still to come";
}

void Simulator::deadlock() {
  std::string text = "deadlock:";
  uint32_t first = pc;
  bool found = false;
  auto waits = [&](const Instruction &i) {
    std::string why;
    for (int64_t field : {i.wait0, i.wait1})
      if (TokenCount token = tokens(field); token.count > 0 && tokensOf[token.semaphore] < token.count)
        why += " waits for semaphore " + std::to_string(token.semaphore) + " (" + std::to_string(tokensOf[token.semaphore]) + " of " +
               std::to_string(token.count) + " tokens), signalled by " + whoSignals(token.semaphore) + ";";
    return why;
  };
  for (unsigned q = 0; q != kQueues; ++q) {
    if (queues[q].empty())
      continue;
    const Resolved &what = queues[q].front().what;
    std::string why = waits(what.code);
    if (why.empty() && Queue(q) == Queue::WL)
      why = " waits for a weight bank that no matmul released;";
    if (why.empty() && Queue(q) == Queue::MX)
      why = " waits for a weight bank that no wload filled;";
    text += std::string(" ") + queueName(q) + ": instruction " + std::to_string(what.index) + why;
    if (!found)
      first = what.index, found = true;
  }
  const Instruction &instruction = program.code[pc];
  std::string why = waits(instruction);
  if (why.empty())
    why = instruction.op == int64_t(Op::halt) || instruction.op == int64_t(Op::barrier) ? " waits for the queues to empty;"
                                                                                        : " waits for room in its queue;";
  text += " sequencer: instruction " + std::to_string(pc) + why;
  text.pop_back();
  fail(first, text);
}
