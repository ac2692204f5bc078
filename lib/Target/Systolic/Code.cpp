// Orders instructions by tokens. Each pair of a unit and a queue has semaphores of its own; their signals and
// waits match first to first, because units retire and queues issue in order. A token tells what its
// signaller knew, too, so most dependences cost nothing.
#include "lib/Target/Systolic/Code.h"

#include <bit>

using namespace girih::systolic;

static Queue queueOf(const Instruction &instruction) { return opInfo(unsigned(instruction.op))->queue; }

static Unit unitOf(const Instruction &instruction) {
  Queue queue = queueOf(instruction);
  unsigned array =
      queue == Queue::WL || queue == Queue::VX ? std::countr_zero(uint64_t(instruction.mask)) : 0;
  return array ? kQueues + array - 1 + (queue == Queue::VX ? kOtherArrays : 0) : unsigned(queue);
}

static Queue queueOf(Unit unit) {
  return unit < kQueues ? Queue(unit) : unit < kQueues + kOtherArrays ? Queue::WL : Queue::VX;
}

static unsigned arrayOf(Unit unit) { return unit < kQueues ? 0 : (unit - kQueues) % kOtherArrays + 1; }

/// Adds a token to one of the two fields, or one more of its semaphore's, which only one of them may name.
static bool addToken(int64_t &first, int64_t &second, unsigned semaphore) {
  constexpr unsigned most = 7;
  for (int64_t *field : {&first, &second})
    if (TokenCount held = tokens(*field); held.count != 0 && held.semaphore == semaphore)
      return held.count < most && (*field = tokenField(semaphore, held.count + 1), true);
  for (int64_t *field : {&first, &second})
    if (tokens(*field).count == 0)
      return *field = tokenField(semaphore, 1), true;
  return false;
}

unsigned Code::semaphoreOf(Semaphores &table, Unit from, Queue to) {
  int &semaphore = table[from][unsigned(to)];
  if (semaphore < 0)
    semaphore = semaphoreCount++;
  return unsigned(semaphore);
}

/// Makes of tokens an instruction of the unit that does nothing but carry them: it has no rows. The array's
/// queues have none.
static bool makeCarrier(Unit unit, Instruction &tokens) {
  Queue queue = queueOf(unit);
  if (queue == Queue::VX) {
    tokens.op = int64_t(Op::vector);
    tokens.fn = int64_t(Combine::second);
    tokens.td = int64_t(Type::f32);
    tokens.flags = flag::vector_constant;
    tokens.mask = int64_t(1) << arrayOf(unit);
  } else if (queue == Queue::LD || queue == Queue::ST) {
    tokens.op = int64_t(queue == Queue::LD ? Op::load : Op::store);
    tokens.ta = int64_t(Type::i8);
  }
  tokens.cols = 1;
  return queue != Queue::WL && queue != Queue::MX;
}

void Code::carrier(Unit unit, Instruction tokens) {
  if (makeCarrier(unit, tokens))
    remember(tokens, queueOf(unit), {});
  else
    wrong = "an instruction of the array would need more tokens than it can carry";
}

//===- Within an iteration --------------------------------------------------------------------------===//

/// The first instruction of the unit from `number` on that can signal once more; a new one if none can.
const Code::Step &Code::signalAfter(Unit from, int64_t number, unsigned semaphore) {
  for (const Step &step : steps)
    if (step.unit == from && step.number >= number)
      if (Instruction &candidate = code[step.index];
          addToken(candidate.signal0, candidate.signal1, semaphore))
        return step;
  Instruction signal;
  signal.signal0 = tokenField(semaphore, 1);
  carrier(from, signal);
  return steps.back();
}

void Code::order(Instruction &instruction, Queue queue, llvm::ArrayRef<Access> accesses, bool readsTable) {
  auto &mine = known[unsigned(queue)];
  const Unit unit = unitOf(instruction);
  // Latest first: what it knew may already order the earlier ones.
  for (size_t i = steps.size(); i-- != 0;) {
    Unit from = steps[i].unit;
    if ((from == unit && !readsTable) || steps[i].number <= mine[from])
      continue;
    bool conflict = llvm::any_of(steps[i].accesses, [&](const Access &earlier) {
      return llvm::any_of(accesses, [&](const Access &access) { return earlier.conflicts(access); });
    });
    if (!conflict)
      continue;
    unsigned semaphore = semaphoreOf(within, from, queue);
    const Step &signaller = signalAfter(from, steps[i].number, semaphore);
    for (Unit other = 0; other != kUnits; ++other)
      mine[other] = std::max(mine[other], signaller.known[other]);
    mine[from] = std::max(mine[from], signaller.number);
    if (addToken(instruction.wait0, instruction.wait1, semaphore))
      continue;
    Instruction wait;
    std::swap(wait.wait0, instruction.wait0);
    std::swap(wait.wait1, instruction.wait1);
    instruction.wait0 = tokenField(semaphore, 1);
    carrier(unit, wait);
  }
}

void Code::remember(const Instruction &instruction, Queue queue, llvm::ArrayRef<Access> accesses,
                    bool readsTable) {
  Unit unit = unitOf(instruction);
  steps.push_back({code.size(),
                   queue,
                   unit,
                   ++issued[unit],
                   known[unsigned(queue)],
                   {accesses.begin(), accesses.end()},
                   readsTable});
  code.push_back(instruction);
}

void Code::append(Instruction instruction, llvm::ArrayRef<Access> accesses, bool readsTable) {
  Queue queue = queueOf(instruction);
  if (queue == Queue::SEQ) {
    code.push_back(instruction);
    return;
  }
  order(instruction, queue, accesses, readsTable);
  remember(instruction, queue, accesses, readsTable);
}

void Code::barrier() {
  if (steps.empty())
    return;
  Instruction instruction;
  instruction.op = int64_t(Op::barrier);
  code.push_back(instruction);
  steps.clear();
  for (auto &row : known)
    row = issued;
}

void Code::wait() {
  barrier();
  for (Loop &around : loops)
    around.overlaps = false;
}

//===- From one iteration to a later one ------------------------------------------------------------===//

/// What the later queue must wait for, first to first. Times are instructions of the earlier unit, 0 the
/// last of the iteration before.
llvm::SmallVector<Code::Edge> Code::edgesBetween(Unit from, Queue to, const Loop &loop) const {
  const int64_t base = loop.base[from], count = issued[from] - base;
  auto time = [&](const Edge &edge) { return steps[edge.earlier].number - base - edge.distance * count; };
  auto latestFor = [&](size_t later, int64_t seen) {
    std::optional<Edge> latest;
    for (size_t earlier = 0; earlier != steps.size(); ++earlier)
      for (unsigned distance : {1u, 2u}) {
        Edge edge{earlier, later, distance};
        if (steps[earlier].unit != from || time(edge) <= (latest ? time(*latest) : seen))
          continue;
        for (const Access &before : steps[earlier].accesses)
          for (const Access &after : steps[later].accesses)
            if (before.conflicts(after, distance))
              latest = edge;
      }
    return latest;
  };
  // The second time with what the queue knows at the end of an iteration.
  llvm::SmallVector<Edge> edges;
  for (int pass = 0; pass != 2; ++pass) {
    int64_t seen = edges.empty() ? -3 * count : time(edges.back()) - count;
    edges.clear();
    for (size_t later = 0; later != steps.size(); ++later) {
      if (steps[later].queue != to || (from == steps[later].unit && !steps[later].readsTable))
        continue;
      if (int64_t known = steps[later].known[from] - base;
          known > 0) // of this iteration, so of all earlier ones
        seen = std::max(seen, known);
      if (std::optional<Edge> edge = latestFor(later, seen)) {
        edges.push_back(*edge);
        seen = time(*edge);
      }
    }
  }
  return edges;
}

/// Puts an instruction that only waits before a step.
bool Code::waitBefore(size_t step, unsigned semaphore) {
  Instruction wait;
  if (!makeCarrier(steps[step].unit, wait))
    return false;
  size_t index = steps[step].index;
  Instruction &before = code[index - 1];
  if (before.rows == 0 && before.rn == 0 && before.op == wait.op &&
      addToken(before.wait0, before.wait1, semaphore))
    return true; // one that is there already
  wait.wait0 = tokenField(semaphore, 1);
  code.insert(code.begin() + int64_t(index), wait);
  for (Step &later : llvm::MutableArrayRef(steps).drop_front(step))
    ++later.index;
  return true;
}

/// Puts an instruction that only signals at the end of the body.
bool Code::signalAtEnd(Unit unit, unsigned semaphore) {
  Instruction signal;
  if (!makeCarrier(unit, signal))
    return false;
  for (Instruction &last : llvm::reverse(code)) {
    if (last.rows != 0 || last.rn != 0 || last.op == int64_t(Op::salu))
      break;
    if (last.op == signal.op && last.mask == signal.mask && addToken(last.signal0, last.signal1, semaphore))
      return true;
  }
  signal.signal0 = tokenField(semaphore, 1);
  code.push_back(signal);
  return true;
}

/// Puts the tokens on the instructions themselves; a signal may come later, a wait earlier.
bool Code::carry(llvm::ArrayRef<Edge> edges, unsigned semaphore) {
  for (const Edge &edge : edges) {
    bool signals = false, waits = false;
    for (size_t i = edge.earlier; !signals && i != steps.size(); ++i)
      if (Instruction &each = code[steps[i].index]; steps[i].unit == steps[edge.earlier].unit)
        signals = addToken(each.signal0, each.signal1, semaphore);
    for (size_t i = edge.later + 1; !waits && i-- != 0;)
      if (Instruction &each = code[steps[i].index]; steps[i].queue == steps[edge.later].queue)
        waits = addToken(each.wait0, each.wait1, semaphore);
    if ((!signals && !signalAtEnd(steps[edge.earlier].unit, semaphore)) ||
        (!waits && !waitBefore(edge.later, semaphore)))
      return false;
  }
  return true;
}

/// Orders the iterations of the innermost loop by tokens; the first find theirs signalled by the sequencer.
/// Returns the instructions that take the last ones, or changes nothing if tokens or semaphores do not
/// suffice.
std::optional<std::vector<Instruction>> Code::carryTokens() {
  std::vector<Instruction> saved = code, before, after;
  const std::vector<Step> savedSteps = steps;
  const unsigned savedCount = semaphoreCount;
  const Semaphores savedAcross = across;
  auto add = [](std::vector<Instruction> &list, int64_t Instruction::*first, int64_t Instruction::*second,
                unsigned semaphore) {
    if (!list.empty() && addToken(list.back().*first, list.back().*second, semaphore))
      return;
    Instruction nop;
    nop.op = int64_t(Op::nop);
    nop.*first = tokenField(semaphore, 1);
    list.push_back(nop);
  };
  for (Unit from = 0; from != kUnits; ++from)
    for (unsigned to = 0; to != kQueues; ++to) {
      llvm::SmallVector<Edge> edges = edgesBetween(from, Queue(to), loops.back());
      if (edges.empty())
        continue;
      unsigned semaphore = semaphoreOf(across, from, Queue(to));
      if (semaphore >= kSemaphores || !carry(edges, semaphore)) {
        code = std::move(saved);
        steps = savedSteps;
        semaphoreCount = savedCount;
        across = savedAcross;
        return std::nullopt;
      }
      for (const Edge &edge : edges)
        for (unsigned i = 0; i != edge.distance; ++i) {
          add(before, &Instruction::signal0, &Instruction::signal1, semaphore);
          add(after, &Instruction::wait0, &Instruction::wait1, semaphore);
        }
    }
  code.insert(code.begin() + int64_t(loops.back().index), before.begin(), before.end());
  loops.back().index += before.size();
  return after;
}

void Code::beginLoop(int64_t count, unsigned reg) {
  barrier();
  for (Loop &around : loops)
    around.overlaps = false;
  Instruction loop;
  loop.op = int64_t(Op::loop);
  loop.rows = count;
  loop.rn = reg;
  loops.push_back({code.size(), issued});
  if (loops.size() > kMaxLoopDepth)
    wrong = "loops nest deeper than the machine's " + std::to_string(kMaxLoopDepth);
  code.push_back(loop);
}

void Code::endLoop(unsigned reg, int64_t step) {
  std::optional<std::vector<Instruction>> rest;
  if (loops.back().overlaps)
    rest = carryTokens();
  if (!rest)
    barrier();
  Instruction next;
  next.op = int64_t(Op::next);
  next.rd = reg;
  next.dst = step;
  code.push_back(next);
  code[loops.back().index].cols = int64_t(code.size() - loops.back().index - 1);
  loops.pop_back();
  barrier(); // the sequencer runs ahead: it must not take the tokens of instructions that have not issued
  if (rest)
    code.insert(code.end(), rest->begin(), rest->end());
}

Program Code::finish() {
  Instruction halt;
  halt.op = int64_t(Op::halt);
  code.push_back(halt);
  Program program;
  if (code.size() > kMaxInstructions)
    wrong = "the program has " + std::to_string(code.size()) + " instructions, but the machine holds " +
            std::to_string(kMaxInstructions);
  if (semaphoreCount > kSemaphores)
    wrong = "its queues need more than the machine's " + std::to_string(kSemaphores) + " semaphores";
  if (wrong.empty())
    program.code = std::move(code);
  return program;
}
