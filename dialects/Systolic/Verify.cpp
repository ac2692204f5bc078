// Verifiers: an instruction by itself, then what a program shows of its machine, its semaphores and its hazards.
#include "dialects/Systolic/Systolic.h"
#include "runtime/Systolic/Operand.h"
#include "runtime/Systolic/Program.h"

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
SYSTOLIC_VERIFY(MatmulOp)
SYSTOLIC_VERIFY(VectorOp)
SYSTOLIC_VERIFY(RequantOp)
SYSTOLIC_VERIFY(TransposeOp)
SYSTOLIC_VERIFY(StoreOp)

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

struct Touch {
  Operation *op;
  sys::Queue queue;
  unsigned memory; // 0 to 7 the accumulators, 8 the scratchpad
  int64_t low, high;
  bool write;
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
    if (failed(checkBindings()))
      return failure();
    WalkResult result = program.walk([&](Operation *op) {
      if (isa<sys::ProgramOp, sys::ScratchpadOp, sys::AccumulatorOp, sys::SemaphoreOp>(op))
        return WalkResult::advance();
      return WalkResult(note(op));
    });
    if (result.wasInterrupted() || failed(checkSemaphores()))
      return failure();
    return barrier ? success() : checkHazards();
  }

private:
  sys::ProgramOp program;
  std::optional<sys::Machine> machine;
  std::vector<Touch> touches;
  bool barrier = false;
  // For each semaphore the queues that signal and wait for it, as bit sets, and an op that waits.
  unsigned signalled[sys::kSemaphores] = {}, waited[sys::kSemaphores] = {};
  Operation *waiter[sys::kSemaphores] = {};

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

  LogicalResult note(Operation *op) {
    FailureOr<sys::Instruction> instruction = sys::instructionOf(op);
    if (failed(instruction))
      return failure();
    const sys::Instruction &i = *instruction;
    sys::Queue queue = sys::opInfo(unsigned(i.op))->queue;
    barrier |= isa<sys::BarrierOp>(op);
    for (int64_t field : {i.wait0, i.wait1})
      if (sys::TokenCount token = sys::tokens(field); token.count)
        waited[token.semaphore] |= 1u << unsigned(queue), waiter[token.semaphore] = op;
    for (int64_t field : {i.signal0, i.signal1})
      if (sys::TokenCount token = sys::tokens(field); token.count)
        signalled[token.semaphore] |= 1u << unsigned(queue);
    if (queue == sys::Queue::SEQ || !machine)
      return success();
    return noteOperands(op, i, queue);
  }

  /// C2, and the bytes that an instruction without registers touches.
  LogicalResult noteOperands(Operation *op, const sys::Instruction &i, sys::Queue queue) {
    if (i.rd || i.ra || i.rb || i.rx || i.rn || i.rk || i.ri)
      return success();
    int64_t zeros[sys::kRegisters] = {};
    sys::Resolved resolved;
    if (std::string wrong = sys::resolve(*machine, i, zeros, resolved); !wrong.empty())
      return op->emitOpError() << "is not possible on " << machine->name << ": " << wrong;
    auto add = [&](const sys::Span &span, unsigned memory, bool write) {
      if (!span.empty() && (span.pitch == span.bytes || span.rows == 1))
        touches.push_back({op, queue, memory, span.offset, span.offset + span.rows * span.bytes, write});
    };
    add(resolved.a, resolved.a.memory, false);
    add(resolved.b, resolved.b.memory, false);
    for (unsigned array = 0; isa<sys::MatmulOp>(op) && array != sys::kMaxArrays; ++array)
      if (i.mask >> array & 1)
        add(resolved.dst, array, true);
    if (!isa<sys::MatmulOp>(op))
      add(resolved.dst, resolved.dst.memory, true);
    return success();
  }

  LogicalResult checkSemaphores() {
    for (unsigned s = 0; s != sys::kSemaphores; ++s)
      if (waited[s] && !signalled[s])
        return waiter[s]->emitOpError() << "waits for semaphore " << s << ", which no instruction of the program signals"; // C3
    return success();
  }

  /// Queues that a token can reach from `queue`, directly or through others.
  unsigned reachable(unsigned queue) const {
    unsigned seen = 1u << queue;
    for (unsigned before = 0; before != seen;) {
      before = seen;
      if (seen >> unsigned(sys::Queue::WL) & 1)
        seen |= 1u << unsigned(sys::Queue::MX); // weight banks
      if (seen >> unsigned(sys::Queue::SEQ) & 1)
        seen = ~0u; // what it waits for stands before everything that it dispatches
      for (unsigned s = 0; s != sys::kSemaphores; ++s)
        if (signalled[s] & seen)
          seen |= waited[s];
    }
    return seen;
  }

  LogicalResult checkHazards() {
    for (size_t j = 1; j < touches.size(); ++j)
      for (size_t i = 0; i != j; ++i) {
        const Touch &first = touches[i], &second = touches[j];
        bool overlap = first.memory == second.memory && first.low < second.high && second.low < first.high;
        if (!overlap || first.queue == second.queue || !(first.write || second.write) ||
            reachable(unsigned(first.queue)) >> unsigned(second.queue) & 1)
          continue;
        InFlightDiagnostic diagnostic = second.op->emitOpError() // C4
                                        << "touches bytes " << std::max(first.low, second.low) << " to " << std::min(first.high, second.high) << " of "
                                        << (second.memory == sys::Span::kScratchpad ? "the scratchpad" : "the accumulators")
                                        << ", but no semaphore leads here from another instruction that touches them";
        diagnostic.attachNote(first.op->getLoc()) << "the other instruction; let it signal a semaphore that this one waits for";
        return diagnostic;
      }
    return success();
  }
};

} // namespace

LogicalResult sys::ProgramOp::verifyRegions() { return ProgramVerifier(*this).run(); }
