// Issue: when a queue's head may go, what it then takes, when it retires, and the counters of the report.
#include "runtime/Systolic/Simulator.h"

#include <algorithm>
#include <bit>

using namespace girih::systolic;

bool Simulator::haveTokens(const Instruction &i) const {
  for (int64_t field : {i.wait0, i.wait1})
    if (TokenCount token = tokens(field); token.count && tokensOf[token.semaphore] < token.count)
      return false;
  return true;
}

/// Takes the tokens; `clock` learns what their signallers knew.
void Simulator::takeTokens(const Instruction &i, Clock *clock) {
  for (int64_t field : {i.wait0, i.wait1}) {
    TokenCount token = tokens(field);
    tokensOf[token.semaphore] -= token.count;
    auto &signalled = tokenClocks[token.semaphore];
    for (uint32_t left = token.count; clock && left && !signalled.empty();) {
      Token &oldest = signalled.front();
      for (unsigned c = 0; c != kChains; ++c)
        (*clock)[c] = std::max((*clock)[c], oldest.clock[c]);
      uint32_t taken = std::min(left, oldest.count);
      left -= taken;
      if ((oldest.count -= taken) == 0)
        signalled.erase(signalled.begin());
    }
  }
}

template <typename Body> static void forEachArray(int64_t mask, Body body) {
  for (unsigned m = 0; mask >> m; ++m)
    if (mask >> m & 1)
      body(m);
}

/// The first cycle in which the instruction's unit can take it, ports apart; never, as long as only another
/// issue can change that.
int64_t Simulator::unitReady(const Entry &entry) const {
  const Resolved &what = entry.what;
  int64_t ready = 0;
  auto atLeast = [&](int64_t cycle) { ready = std::max(ready, cycle); };
  switch (Op(what.code.op)) {
  case Op::load:
  case Op::store: {
    const auto &outstanding = inFlight[Op(what.code.op) == Op::store];
    if (int64_t(outstanding.size()) >= machine.dma_in_flight)
      atLeast(outstanding[outstanding.size() - machine.dma_in_flight]);
    return ready;
  }
  case Op::wload:
    forEachArray(what.code.mask, [&](unsigned m) {
      const Bank &bank = arrays[m].banks[what.has(flag::wload_bank)];
      atLeast(arrays[m].portFree);
      atLeast(bank.full ? kNever : bank.freeAt);
    });
    return ready;
  case Op::matmul:
    forEachArray(what.code.mask, [&](unsigned m) {
      const Bank &bank = arrays[m].banks[what.has(flag::matmul_bank)];
      atLeast(machine.output_stationary ? arrays[m].drained : bank.full ? bank.readyAt : kNever);
      atLeast(arrays[m].streamFree);
    });
    return ready;
  default:
    forEachArray(what.code.mask, [&](unsigned m) { atLeast(arrays[m].sliceFree); });
    return ready;
  }
}

/// The first cycle from which on all ports are free that the instruction takes.
int64_t Simulator::portsReady(const Entry &entry) const {
  const Resolved &what = entry.what;
  Op op = Op(what.code.op);
  int64_t ready = 0;
  auto latest = [&](const std::vector<int64_t> &until, const Span &span) {
    for (unsigned bank = span.firstBank; bank <= span.lastBank; ++bank)
      ready = std::max(ready, until[bank]);
  };
  auto read = [&](const Span &span) {
    if (span.empty())
      return;
    if (span.memory == Span::kScratchpad)
      return latest(padRead, span);
    latest(arrays[span.memory].mxRead, span), latest(arrays[span.memory].vxRead, span);
  };
  if (op == Op::load || op == Op::store)
    return 0;
  read(what.a);
  if (op != Op::requant)
    read(what.b);
  if (what.dst.empty() || op == Op::wload)
    return ready;
  if (op == Op::matmul) {
    forEachArray(what.code.mask, [&](unsigned m) {
      latest(arrays[m].vxWrite, what.dst);
      if (what.has(flag::matmul_accumulate))
        latest(arrays[m].vxRead, what.dst);
    });
  } else if (what.dst.memory == Span::kScratchpad) {
    latest(padWrite, what.dst);
  } else {
    latest(arrays[what.dst.memory].mxWrite, what.dst), latest(arrays[what.dst.memory].vxWrite, what.dst);
  }
  return ready;
}

/// DMA holds nothing: it has ports of its own.
void Simulator::holdPorts(const Resolved &what, int64_t issue, int64_t streamEnd, int64_t retire) {
  Op op = Op(what.code.op);
  if (op == Op::load || op == Op::store)
    return;
  auto hold = [](std::vector<int64_t> &until, const Span &span, int64_t cycle) {
    for (unsigned bank = span.firstBank; bank <= span.lastBank; ++bank)
      until[bank] = std::max(until[bank], cycle);
  };
  bool vector = opInfo(unsigned(op))->queue == Queue::VX;
  for (const Span *span : {&what.a, &what.b}) {
    if (span->empty() || (op == Op::requant && span == &what.b))
      continue;
    if (span->memory == Span::kScratchpad)
      hold(padRead, *span, vector ? retire : streamEnd);
    else
      hold(arrays[span->memory].vxRead, *span, retire);
  }
  if (what.dst.empty())
    return;
  if (op == Op::matmul)
    forEachArray(what.code.mask, [&](unsigned m) {
      hold(arrays[m].mxWrite, what.dst, retire);
      if (what.has(flag::matmul_accumulate))
        hold(arrays[m].mxRead, what.dst, retire);
    });
  else if (vector)
    hold(what.dst.memory == Span::kScratchpad ? padWrite : arrays[what.dst.memory].vxWrite, what.dst, retire);
}

static bool isDma(const Resolved &what) {
  return Op(what.code.op) == Op::load || Op(what.code.op) == Op::store;
}

/// When the instruction's stream, or its data phase on the bus, begins if it issues now. The bus takes
/// transfers one after the other.
int64_t Simulator::streamBegin(const Resolved &what) const {
  return isDma(what) ? std::max(now + machine.dram_latency, busFree) : now;
}

void Simulator::startDma(unsigned queue, int64_t end) {
  auto &outstanding = inFlight[Queue(queue) == Queue::ST];
  while (!outstanding.empty() && outstanding.front() <= now)
    outstanding.pop_front();
  busFree = end;
  outstanding.push_back(end);
}

void Simulator::startWeights(Entry &entry) {
  const Resolved &what = entry.what;
  forEachArray(what.code.mask, [&](unsigned m) {
    Bank &bank = arrays[m].banks[what.has(flag::wload_bank)];
    arrays[m].portFree = now + what.duration;
    bank.full = true, bank.type = Type(what.code.ta), bank.sparse = what.has(flag::wload_sparse);
    bank.readyAt = now + what.duration, bank.filledBy = what.index;
    bank.tokensAt = std::max(entry.tokensAt, entry.dispatch + 1);
  });
}

/// What kept the array idle between its last stream and this one.
void Simulator::attributeGap(Array &array, Split &split, const Entry &entry, const Bank *bank) {
  int64_t at = array.streamFree;
  auto until = [&](int64_t cycle, int64_t &share) {
    int64_t end = std::clamp(cycle, at, now);
    share += end - at;
    at = end;
  };
  int64_t unused = 0;
  if (bank) {
    until(bank->tokensAt, split.weightStall);
    until(bank->readyAt, split.weightShift);
  }
  until(entry.dispatch + 1, unused); // nothing for the array to do: non-matrix
  until(now, split.rawStall);
  split.active += entry.what.duration;
}

void Simulator::startMatmul(Entry &entry) {
  const Resolved &what = entry.what;
  int64_t end = now + what.duration, drained = end + what.latency;
  forEachArray(what.code.mask, [&](unsigned m) {
    Bank &bank = arrays[m].banks[what.has(flag::matmul_bank)];
    attributeGap(arrays[m], stats.arrays[m], entry, machine.output_stationary ? nullptr : &bank);
    arrays[m].streamFree = end, arrays[m].drained = drained;
    if (what.has(flag::matmul_release)) {
      bank.full = false;
      bank.freeAt = machine.shadow_weights ? end : drained;
    }
  });
  stats.lastMatrixRetire = std::max(stats.lastMatrixRetire, drained);
}

/// The weights must be of the activations' kind.
bool Simulator::checkBanks(const Entry &entry) {
  const Resolved &what = entry.what;
  bool ok = true;
  forEachArray(what.code.mask, [&](unsigned m) {
    const Bank &bank = arrays[m].banks[what.has(flag::matmul_bank)];
    if (machine.output_stationary ||
        (bank.type == Type(what.code.ta) && bank.sparse == what.has(flag::matmul_sparse)))
      return;
    ok = false;
    fail(what.index, "matmul: the weight bank of array " + std::to_string(m) +
                         " holds other weights than the activations' type and sparsity");
  });
  return ok;
}

void Simulator::count(const Resolved &what) {
  const Instruction &i = what.code;
  uint64_t t = typeBytes(unsigned(i.ta)), elements = uint64_t(i.rows) * uint64_t(i.cols),
           units = std::popcount(uint64_t(i.mask));
  auto bytes = [&](const Span &span) {
    (span.memory == Span::kScratchpad ? stats.scratchpadBytes : stats.accumulatorBytes) +=
        uint64_t(span.rows * span.bytes);
  };
  switch (Op(i.op)) {
  case Op::load:
  case Op::store:
    (Op(i.op) == Op::load ? stats.dramRead : stats.dramWritten) += elements * t;
    break;
  case Op::matmul: {
    uint64_t macs = uint64_t(i.rows) * (what.has(flag::matmul_sparse) ? (i.cols + 1) / 2 : i.cols) *
                    uint64_t(i.px) * units;
    (Type(i.ta) == Type::i8 ? stats.macsI8 : stats.macsBF16) += macs;
    stats.idealEighths += int64_t(macs) * machine.matmulEighths(Type(i.ta));
    stats.accumulatorBytes +=
        uint64_t(what.dst.rows * what.dst.bytes) * units * (what.has(flag::matmul_accumulate) ? 2 : 1);
    bytes(what.a);
    if (!what.b.empty())
      bytes(what.b);
    return;
  }
  case Op::vector:
  case Op::requant:
  case Op::transpose:
    stats.vectorElements += elements;
    break;
  default:
    break;
  }
  for (const Span *span : {&what.a, &what.b, &what.dst})
    if (!span->empty())
      bytes(*span);
}

void Simulator::issue(unsigned queue) {
  Entry &entry = queues[queue].front();
  Resolved &what = entry.what;
  Op op = Op(what.code.op);
  if (op == Op::matmul && !checkBanks(entry))
    return;
  int64_t free = std::max({entry.dispatch + 1, entry.tokensAt, unitReady(entry)});
  stats.conflicts[queue] += std::max<int64_t>(0, now - free);
  int64_t begin = streamBegin(what), streamEnd = begin + what.duration, retire = streamEnd + what.latency;
  if (retire >= options.maxCycles) // before anything is done: it may be billions of rows
    return fail(what.index,
                "the instruction retires in cycle " + std::to_string(retire) + ", past the limit of " +
                    std::to_string(options.maxCycles),
                Limit::Cycles);
  uint32_t clock = 0;
  if (options.races) {
    Clock atIssue = clockAtIssue(what, queue);
    if (current != State::Running)
      return;
    clock = keepClock(atIssue);
  } else {
    takeTokens(what.code, nullptr);
  }
  if (isDma(what))
    startDma(queue, streamEnd);
  else if (op == Op::wload)
    startWeights(entry);
  else if (op == Op::matmul)
    startMatmul(entry);
  else
    arrays[std::countr_zero(uint64_t(what.code.mask))].sliceFree = retire;
  if ((op == Op::wload || op == Op::matmul) && stats.firstMatrixIssue < 0)
    stats.firstMatrixIssue = now;
  holdPorts(what, now, streamEnd, retire);
  stats.busy[queue] += what.duration;
  count(what);
  if (options.data)
    if (std::string wrong = move(what); !wrong.empty())
      return fail(what.index, wrong);
  if (options.record)
    options.record({what.index, what.tag, Queue(queue), uint8_t(what.code.mask), entry.dispatch, now, begin,
                    streamEnd, retire});
  retirements.push({retire, order++, what.index, what.code.signal0, what.code.signal1, clock});
  queues[queue].pop_front();
}
