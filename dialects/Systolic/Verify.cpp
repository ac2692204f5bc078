// Verifiers: an instruction by itself, then what a program shows of its machine, its semaphores and its hazards.
#include "dialects/Systolic/Systolic.h"
#include "runtime/Systolic/Operand.h"
#include "runtime/Systolic/Program.h"

#include "llvm/ADT/TypeSwitch.h"

namespace sys = girih::systolic;
using namespace mlir;

/// C1 and C2 of every instruction.
static LogicalResult verifyInstruction(Operation *op) {
  FailureOr<sys::Instruction> instruction = sys::instructionOf(op);
  if (failed(instruction))
    return failure();
  if (std::string wrong = sys::checkInstruction(*instruction); !wrong.empty())
    return op->emitOpError() << "is invalid: " << wrong;
  return success();
}

#define SYSTOLIC_VERIFY(name)                                                                                          \
  LogicalResult sys::name::verify() { return verifyInstruction(*this); }
SYSTOLIC_VERIFY(NopOp)
SYSTOLIC_VERIFY(HaltOp)
SYSTOLIC_VERIFY(SaluOp)
SYSTOLIC_VERIFY(SloadOp)
SYSTOLIC_VERIFY(BrOp)
SYSTOLIC_VERIFY(NextOp)
SYSTOLIC_VERIFY(BarrierOp)
SYSTOLIC_VERIFY(TagOp)
SYSTOLIC_VERIFY(LoadOp)
SYSTOLIC_VERIFY(WloadOp)
SYSTOLIC_VERIFY(VectorOp)
SYSTOLIC_VERIFY(RequantOp)
SYSTOLIC_VERIFY(TransposeOp)
SYSTOLIC_VERIFY(StoreOp)

LogicalResult sys::MatmulOp::verify() {
  if (failed(verifyInstruction(*this)))
    return failure();
  auto piece = getDst() ? getDst().getDefiningOp<AccumulatorOp>() : AccumulatorOp();
  if (uint64_t mask = getMask().value_or(0); piece && !(mask >> piece.getArray() & 1))
    return emitOpError() << "expects array " << piece.getArray()
                         << ", whose accumulators dst names, in its mask, but got " << mask; // C3
  return success();
}

LogicalResult sys::LoopOp::verify() {
  unsigned depth = 1;
  for (Operation *parent = (*this)->getParentOp(); isa_and_nonnull<LoopOp>(parent); parent = parent->getParentOp())
    ++depth;
  if (depth > kMaxLoopDepth)
    return emitOpError() << "expects loops to nest at most " << kMaxLoopDepth << " deep, but got " << depth; // C1
  if (getBody().front().empty() || !isa<NextOp>(getBody().front().back()))
    return emitOpError("expects its body to end with systolic.next");
  return verifyInstruction(*this);
}

static LogicalResult verifyPiece(Operation *op, uint64_t address, uint64_t bytes) {
  uint64_t most = uint64_t(sys::kLocalOffsetMask) + 1;
  if (bytes == 0 || bytes > most || address > most - bytes)
    return op->emitOpError() << "expects 1 to " << most << " bytes within " << most << ", but got " << bytes << " at " << address; // C1
  return success();
}
LogicalResult sys::ScratchpadOp::verify() { return verifyPiece(*this, getAddress(), getResult().getType().getBytes()); }
LogicalResult sys::AccumulatorOp::verify() {
  if (getArray() >= kMaxArrays)
    return emitOpError() << "expects an array 0 to " << kMaxArrays - 1 << ", but got " << getArray(); // C1
  return verifyPiece(*this, getAddress(), getResult().getType().getBytes());
}

namespace {

/// What an instruction touches, and the unit that orders its instructions among themselves: a DMA queue, or
/// arrays or a slice of a queue.
struct Touch {
  Operation *op;
  sys::Queue queue;
  uint64_t units;
  sys::Span bytes;
  bool write;
  bool atIssue = false; // a gather's table

  bool orderedAfter(const Touch &first) const {
    return queue == first.queue && (units & first.units) && !atIssue;
  }
};

/// Tokens of one semaphore over a program.
struct Tokens {
  unsigned signalled = 0, waited = 0; // by which queues, as bit sets
  int64_t given = 0, taken = 0;       // outside loops
  bool givenInLoops = false;
  Operation *waiter = nullptr;
};

/// What the instructions of a program say about each other.
class ProgramVerifier {
public:
  explicit ProgramVerifier(sys::ProgramOp program) : program(program) {}

  LogicalResult run() {
    if (auto name = program.getMachine()) {
      std::string error;
      if (!sys::Machine::find(name->str(), machine.emplace(), error))
        return program.emitOpError() << "names no machine: " << error; // C1
    }
    if (failed(checkBindings()) || failed(checkRegisters()))
      return failure();
    WalkResult result = program.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<sys::ProgramOp, sys::ScratchpadOp, sys::AccumulatorOp, sys::SemaphoreOp>(op))
        return WalkResult::advance();
      return WalkResult(note(op));
    });
    if (result.wasInterrupted() || failed(checkSemaphores()) || failed(checkBranches()) ||
        failed(checkWeights()))
      return failure();
    if (!barrier && failed(checkHazards()))
      return failure();
    return halt ? success()
                : program.emitOpError("expects a systolic.halt, without which it runs past its end"); // C7
  }

private:
  sys::ProgramOp program;
  std::optional<sys::Machine> machine;
  std::vector<Touch> touches;
  bool barrier = false, halt = false;
  int64_t count = 0;                                          // of instructions
  std::vector<std::pair<Operation *, int64_t>> branches;      // and where they lead
  std::vector<std::pair<Operation *, sys::Instruction>> uses; // of weight banks
  uint64_t filled[2] = {};                                    // arrays whose bank some wload fills
  Tokens semaphores[sys::kSemaphores];

  LogicalResult checkBindings() {
    ArrayRef<int64_t> bindings = program.getBindings().value_or(ArrayRef<int64_t>());
    constexpr int64_t kinds = 3;
    bool valid = bindings.size() % 4 == 0;
    for (; valid && !bindings.empty(); bindings = bindings.drop_front(4))
      valid = bindings[0] > 0 && bindings[0] < int64_t(sys::kRegisters) && bindings[1] >= 0 &&
              bindings[1] < kinds && bindings[2] >= 0 && bindings[3] >= 0;
    return valid ? success()
                 : program.emitOpError("expects bindings as quadruples of register 1 to 31, kind 0 to 2, and "
                                       "two indices"); // C5
  }

  LogicalResult checkRegisters() {
    size_t given = program.getRegisters().value_or(ArrayRef<int64_t>()).size();
    if (given > sys::kRegisters)
      return program.emitOpError() << "expects at most " << unsigned(sys::kRegisters)
                                   << " registers, but got " << given; // C6
    return success();
  }

  LogicalResult note(Operation *op) {
    FailureOr<sys::Instruction> instruction = sys::instructionOf(op);
    if (failed(instruction))
      return failure();
    const sys::Instruction &i = *instruction;
    sys::Queue queue = sys::opInfo(unsigned(i.op))->queue;
    barrier |= isa<sys::BarrierOp>(op), halt |= isa<sys::HaltOp>(op);
    if (isa<sys::BrOp>(op))
      branches.push_back({op, count + i.imm});
    ++count;
    noteTokens(op, i, queue);
    if (isa<sys::WloadOp>(op))
      filled[bool(i.flags & sys::flag::wload_bank)] |= uint64_t(i.mask);
    if (isa<sys::MatmulOp>(op))
      uses.push_back({op, i});
    if (queue == sys::Queue::SEQ || !machine)
      return success();
    return noteOperands(op, i, queue);
  }

  void noteTokens(Operation *op, const sys::Instruction &i, sys::Queue queue) {
    bool inLoop = isa<sys::LoopOp>(op->getParentOp());
    for (int64_t field : {i.wait0, i.wait1})
      if (sys::TokenCount token = sys::tokens(field); token.count) {
        Tokens &s = semaphores[token.semaphore];
        s.waited |= 1u << unsigned(queue), s.waiter = op, s.taken += inLoop ? 0 : token.count;
      }
    for (int64_t field : {i.signal0, i.signal1})
      if (sys::TokenCount token = sys::tokens(field); token.count) {
        Tokens &s = semaphores[token.semaphore];
        s.signalled |= 1u << unsigned(queue), s.given += token.count, s.givenInLoops |= inLoop;
      }
  }

  /// C2, and the bytes that an instruction without registers touches.
  LogicalResult noteOperands(Operation *op, const sys::Instruction &i, sys::Queue queue) {
    if (i.rd || i.ra || i.rb || i.rx || i.rn || i.rk || i.ri)
      return success();
    int64_t zeros[sys::kRegisters] = {};
    sys::Resolved resolved;
    if (std::string wrong = sys::resolve(*machine, i, zeros, resolved); !wrong.empty())
      return op->emitOpError() << "is not possible on " << machine->name << ": " << wrong;
    if (failed(checkPieces(op, resolved)))
      return failure();
    bool dma = isa<sys::LoadOp, sys::StoreOp>(op), load = isa<sys::LoadOp>(op);
    auto add = [&](const sys::Span &span, bool write, bool atIssue = false) {
      if (!span.empty())
        touches.push_back({op, queue, dma ? 1 : uint64_t(i.mask), span, write, atIssue});
    };
    add(resolved.a, false);
    add(resolved.b, false, dma);
    if (!isa<sys::MatmulOp>(op))
      add(resolved.dst, true);
    for (unsigned array = 0; isa<sys::MatmulOp>(op) && array != sys::kMaxArrays; ++array)
      if (sys::Span sums = resolved.dst; i.mask >> array & 1 && !sums.empty()) {
        sums.memory = uint8_t(array);
        add(sums, true);
      }
    if (dma && i.rows && !resolved.has(sys::flag::load_gather)) {
      sys::Span dram;
      dram.memory = sys::Span::kDram, dram.offset = i.x, dram.pitch = i.px, dram.rows = i.rows;
      dram.bytes = i.cols * sys::typeBytes(unsigned(i.ta));
      add(dram, !load);
    }
    return success();
  }

  /// Operands stay within the pieces of memory that they name.
  static LogicalResult checkPieces(Operation *op, const sys::Resolved &r) {
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case<sys::LoadOp>(
            [&](auto o) { return success(within(op, o.getDst(), r.dst) && within(op, o.getB(), r.b)); })
        .Case<sys::StoreOp, sys::WloadOp>(
            [&](auto o) { return success(within(op, o.getA(), r.a) && within(op, o.getB(), r.b)); })
        .Case<sys::TransposeOp>(
            [&](auto o) { return success(within(op, o.getDst(), r.dst) && within(op, o.getA(), r.a)); })
        .Case<sys::MatmulOp, sys::VectorOp, sys::RequantOp>([&](auto o) {
          return success(within(op, o.getDst(), r.dst) && within(op, o.getA(), r.a) &&
                         within(op, o.getB(), r.b));
        });
  }

  static bool within(Operation *op, Value piece, const sys::Span &span) {
    uint64_t address, bytes;
    if (auto pad = piece ? piece.getDefiningOp<sys::ScratchpadOp>() : sys::ScratchpadOp())
      address = pad.getAddress(), bytes = pad.getResult().getType().getBytes();
    else if (auto accumulator = piece ? piece.getDefiningOp<sys::AccumulatorOp>() : sys::AccumulatorOp())
      address = accumulator.getAddress(), bytes = accumulator.getResult().getType().getBytes();
    else
      return true;
    if (span.empty() || (span.low() >= int64_t(address) && span.high() <= int64_t(address + bytes)))
      return true;
    op->emitOpError() << "touches bytes " << span.low() << " to " << span.high()
                      << ", but the piece of memory that it names has bytes " << address << " to "
                      << address + bytes; // C2
    return false;
  }

  LogicalResult checkSemaphores() {
    for (unsigned n = 0; n != sys::kSemaphores; ++n) {
      const Tokens &s = semaphores[n];
      if (s.waited && !s.signalled)
        return s.waiter->emitOpError()
               << "waits for semaphore " << n << ", which no instruction of the program signals"; // C3
      if (s.waited && branches.empty() && !s.givenInLoops && s.taken > s.given)
        return s.waiter->emitOpError() << "waits for one of " << s.taken << " tokens of semaphore " << n
                                       << ", but the program gives it " << s.given; // C3
    }
    return success();
  }

  LogicalResult checkBranches() {
    for (auto [op, target] : branches)
      if (target < 0 || target >= count)
        return op->emitOpError() << "leads to instruction " << target << " of " << count; // C7
    return success();
  }

  LogicalResult checkWeights() {
    if (!machine || machine->output_stationary)
      return success();
    for (const auto &[op, i] : uses)
      if (bool bank = i.flags & sys::flag::matmul_bank; uint64_t(i.mask) & ~filled[bank])
        return op->emitOpError() << "uses weight bank " << unsigned(bank) << " of array "
                                 << llvm::countr_zero(uint64_t(i.mask) & ~filled[bank])
                                 << ", which no wload of the program fills"; // C8
    return success();
  }

  /// Queues that a token can reach from `queue`, directly or through others.
  unsigned reachable(unsigned queue) const {
    unsigned from = 1u << queue, reached = 0;
    for (unsigned before = ~0u; before != reached;) {
      before = reached;
      unsigned seen = from | reached;
      if (seen >> unsigned(sys::Queue::WL) & 1)
        reached |= 1u << unsigned(sys::Queue::MX); // weight banks
      if (seen >> unsigned(sys::Queue::SEQ) & 1)
        reached = ~0u; // what it waits for stands before everything that it dispatches
      for (const Tokens &s : semaphores)
        if (s.signalled & seen)
          reached |= s.waited;
    }
    return reached;
  }

  LogicalResult checkHazards() {
    for (size_t j = 1; j < touches.size(); ++j)
      for (size_t i = 0; i != j; ++i) {
        const Touch &first = touches[i], &second = touches[j];
        if (first.op == second.op || !(first.write || second.write) || second.orderedAfter(first) ||
            !first.bytes.meets(second.bytes) ||
            reachable(unsigned(first.queue)) >> unsigned(second.queue) & 1)
          continue;
        uint8_t memory = second.bytes.memory;
        InFlightDiagnostic diagnostic =
            second.op->emitOpError() // C4
            << "touches bytes between " << std::max(first.bytes.low(), second.bytes.low()) << " and "
            << std::min(first.bytes.high(), second.bytes.high()) << " of "
            << (memory == sys::Span::kScratchpad ? "the scratchpad"
                : memory == sys::Span::kDram     ? "DRAM"
                                                 : "the accumulators")
            << ", but no semaphore leads here from another instruction that touches them";
        diagnostic.attachNote(first.op->getLoc()) << "the other instruction; let it signal a semaphore that this one waits for";
        return diagnostic;
      }
    return success();
  }
};

} // namespace

LogicalResult sys::ProgramOp::verifyRegions() { return ProgramVerifier(*this).run(); }
