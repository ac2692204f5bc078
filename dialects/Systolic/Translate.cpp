// Between operations and instructions, both ways by name: an op's mnemonic is the opcode's name, its attributes are the fields'.
#include "dialects/Systolic/Systolic.h"
#include "runtime/Systolic/Program.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace sys = girih::systolic;
using namespace mlir;
using sys::Field;

static const sys::OpInfo *infoOf(Operation *op) {
  StringRef name = op->getName().stripDialect();
  return sys::opInfo(std::string_view(name.data(), name.size()));
}

static bool isMemory(Field field, const sys::OpInfo &info) {
  return (field == Field::dst || field == Field::a || field == Field::b) && info.op != sys::Op::next &&
         info.fields >> unsigned(field) & 1;
}

/// Operand groups are in this order in every op: waits, signals, then those of dst, a, b that it has.
static OperandRange operandGroup(Operation *op, unsigned index) {
  auto sizes = dyn_cast_or_null<DenseI32ArrayAttr>(op->getAttr("operandSegmentSizes"));
  unsigned start = 0;
  for (unsigned i = 0; i != index; ++i)
    start += sizes[i];
  return op->getOperands().slice(start, sizes[index]);
}

static FailureOr<int64_t> addressOf(Operation *op, Value memory) {
  Operation *piece = memory.getDefiningOp();
  if (auto pad = dyn_cast_or_null<sys::ScratchpadOp>(piece))
    return int64_t(pad.getAddress());
  if (auto accumulator = dyn_cast_or_null<sys::AccumulatorOp>(piece)) {
    if (isa<sys::MatmulOp>(op))
      return int64_t(accumulator.getAddress());
    return int64_t(
        sys::accumulatorAddress(unsigned(accumulator.getArray()), uint32_t(accumulator.getAddress())));
  }
  return op->emitOpError("expects memory made by systolic.scratchpad or systolic.accumulator");
}

static LogicalResult setTokens(Operation *op, unsigned group, StringRef what, int64_t &first, int64_t &second) {
  OperandRange semaphores = operandGroup(op, group);
  auto counts = op->getAttrOfType<DenseI64ArrayAttr>((what + "_counts").str());
  if (semaphores.size() > 2 || (counts && counts.size() != int64_t(semaphores.size())))
    return op->emitOpError() << "expects at most two semaphores to " << what << ", each with a count if any has one, but got "
                             << semaphores.size() << " and " << (counts ? counts.size() : 0) << " counts"; // C2
  for (auto [index, value] : llvm::enumerate(semaphores)) {
    auto semaphore = value.getDefiningOp<sys::SemaphoreOp>();
    int64_t count = counts ? counts[index] : 1;
    if (!semaphore || count < 1 || count > 7)
      return op->emitOpError() << "expects 1 to 7 tokens of a systolic.semaphore to " << what << ", but got " << count; // C2
    (index == 0 ? first : second) = sys::tokenField(unsigned(semaphore.getNumber()), unsigned(count));
  }
  return success();
}

static std::optional<int64_t> typeCode(StringRef name) {
#define SYSTOLIC_TYPE(type, code, bytes)                                                                               \
  if (name == #type)                                                                                                   \
    return code;
#include "girih-runtime/SystolicISA.def"
  return std::nullopt;
}

static StringRef typeName(int64_t code) {
#define SYSTOLIC_TYPE(type, number, bytes)                                                                             \
  if (code == number)                                                                                                  \
    return #type;
#include "girih-runtime/SystolicISA.def"
  return "";
}

/// Sets a field that is an attribute of the op's.
static LogicalResult setField(Operation *op, const sys::OpInfo &info, Field field, sys::Instruction &instruction) {
  const sys::FieldInfo &about = sys::fieldInfo(field);
  Attribute attribute = op->getAttr(about.name);
  if (!attribute)
    return success();
  if (auto text = dyn_cast<StringAttr>(attribute)) {
    std::string_view view(text.getValue().data(), text.size());
    if (field == Field::fn)
      return sys::parseFunction(view, info.op, instruction.fn) ? success()
                                                                : op->emitOpError() << "has no function '" << text.getValue() << "'"; // C1
    std::optional<int64_t> code = typeCode(text);
    if (!code)
      return op->emitOpError() << "expects " << about.name << " to be i8, bf16, i32 or f32, but got '" << text.getValue() << "'"; // C1
    instruction[field] = *code;
    return success();
  }
  int64_t value = cast<IntegerAttr>(attribute).getInt();
  int64_t most = about.width == 64 ? INT64_MAX : (int64_t(1) << about.width) - 1;
  int64_t least = !about.isSigned ? 0 : about.width == 64 ? INT64_MIN : -(int64_t(1) << (about.width - 1));
  if (value < least || value > most)
    return op->emitOpError() << "expects " << about.name << " to fit " << unsigned(about.width) << " bits, but got " << value;
  instruction[field] = about.isSigned && about.width == 32 ? int32_t(value) : value;
  return success();
}

FailureOr<sys::Instruction> sys::instructionOf(Operation *op) {
  const OpInfo *info = infoOf(op);
  if (!info)
    return op->emitOpError("expects an instruction of the systolic machine here");
  Instruction instruction;
  instruction.op = int64_t(info->op);
  if (failed(setTokens(op, 0, "wait", instruction.wait0, instruction.wait1)) ||
      failed(setTokens(op, 1, "signal", instruction.signal0, instruction.signal1)))
    return failure();
  unsigned group = 2;
  for (unsigned f = unsigned(Field::fn); f != kFields; ++f) {
    Field field = Field(f);
    if (!(info->fields >> f & 1) || field == Field::flags || (field >= Field::wait0 && field <= Field::signal1))
      continue;
    if (!isMemory(field, *info)) {
      if (failed(setField(op, *info, field, instruction)))
        return failure();
      continue;
    }
    OperandRange memory = operandGroup(op, group++);
    FailureOr<int64_t> address = memory.empty() ? FailureOr<int64_t>(0) : addressOf(op, memory.front());
    if (failed(address))
      return failure();
    auto attribute = op->getAttrOfType<IntegerAttr>((Twine(fieldInfo(field).name) + "_offset").str());
    int64_t offset = attribute ? attribute.getInt() : 0, least = INT32_MIN, most = UINT32_MAX;
    if (offset < least || offset > most || *address + offset < least || *address + offset > most)
      return op->emitOpError() << "expects " << fieldInfo(field).name
                               << " and its offset to fit 32 bits, but got " << *address << " and " << offset;
    instruction[field] = int32_t(*address + offset);
  }
  for (unsigned bit = 0; bit != 8; ++bit)
    if (const char *name = flagName(info->op, bit); name && op->hasAttr(name))
      instruction.flags |= 1 << bit;
  return instruction;
}

/// Appends the block's instructions; a loop learns the length of its body.
static LogicalResult appendBlock(Block &block, sys::Program &program) {
  for (Operation &op : block) {
    if (isa<sys::ScratchpadOp, sys::AccumulatorOp, sys::SemaphoreOp>(op))
      continue;
    FailureOr<sys::Instruction> instruction = sys::instructionOf(&op);
    if (failed(instruction))
      return failure();
    size_t index = program.code.size();
    program.code.push_back(*instruction);
    if (auto loop = dyn_cast<sys::LoopOp>(op)) {
      if (failed(appendBlock(loop.getBody().front(), program)))
        return failure();
      program.code[index].cols = int64_t(program.code.size() - index - 1);
    }
  }
  return success();
}

LogicalResult sys::translateToProgram(ProgramOp op, Program &program) {
  program = Program();
  if (auto registers = op.getRegistersAttr())
    llvm::copy(registers.asArrayRef(), program.registers.begin());
  return appendBlock(op.getBody().front(), program);
}

namespace {
/// Builds a program's operations; memories and semaphores are made where they are first needed, at its start.
class Importer {
public:
  Importer(const sys::Program &program, ModuleOp module) : program(program), module(module), builder(module.getContext()) {}

  LogicalResult run(StringRef name) {
    Location loc = module.getLoc();
    builder.setInsertionPointToEnd(module.getBody());
    auto op = sys::ProgramOp::create(builder, loc, builder.getStringAttr(name), StringAttr(), registers(),
                                     DenseI64ArrayAttr());
    top = &op.getBody().emplaceBlock();
    builder.setInsertionPointToEnd(top);
    return instructions(0, program.code.size());
  }

private:
  const sys::Program &program;
  ModuleOp module;
  OpBuilder builder;
  Block *top = nullptr;
  Value pad, accumulators[sys::kMaxArrays], semaphores[sys::kSemaphores];

  DenseI64ArrayAttr registers() {
    auto values = ArrayRef<int64_t>(program.registers);
    return llvm::all_of(values, [](int64_t v) { return v == 0; }) ? DenseI64ArrayAttr() : builder.getDenseI64ArrayAttr(values);
  }

  template <typename OpTy, typename... Arguments> Value named(Value &cache, Arguments... arguments) {
    if (!cache) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(top);
      cache = OpTy::create(builder, module.getLoc(), arguments...);
    }
    return cache;
  }

  /// `resultOf`: the arrays of the matmul whose result lies there, else 0.
  Value memoryAt(int64_t address, uint64_t resultOf) {
    bool accumulator = resultOf || uint32_t(address) & sys::kAccumulatorBit;
    constexpr uint64_t kWhole = uint64_t(sys::kLocalOffsetMask) + 1;
    if (!accumulator)
      return named<sys::ScratchpadOp>(pad, sys::ScratchpadType::get(builder.getContext(), kWhole), 0);
    unsigned array =
        resultOf ? unsigned(llvm::countr_zero(resultOf)) : uint32_t(address) >> sys::kArrayShift & 7;
    return named<sys::AccumulatorOp>(accumulators[array], sys::AccumulatorType::get(builder.getContext(), kWhole), int64_t(array), 0);
  }

  void addTokens(OperationState &state, StringRef what, ArrayRef<int64_t> fields, SmallVectorImpl<int32_t> &segments) {
    SmallVector<int64_t> counts;
    for (int64_t field : fields)
      if (sys::TokenCount token = sys::tokens(field); token.count) {
        state.addOperands(named<sys::SemaphoreOp>(semaphores[token.semaphore], sys::SemaphoreType::get(builder.getContext()), int64_t(token.semaphore)));
        counts.push_back(token.count);
      }
    if (llvm::any_of(counts, [](int64_t count) { return count != 1; }))
      state.addAttribute((what + "_counts").str(), builder.getDenseI64ArrayAttr(counts));
    segments.push_back(int32_t(counts.size()));
  }

  void addField(OperationState &state, const sys::OpInfo &info, Field field, const sys::Instruction &i, SmallVectorImpl<int32_t> &segments) {
    StringRef name = sys::fieldInfo(field).name;
    int64_t value = i[field];
    if (isMemory(field, info)) {
      bool matmulResult = info.op == sys::Op::matmul && field == Field::dst;
      Value memory = memoryAt(value, matmulResult ? std::max<uint64_t>(1, uint64_t(i.mask)) : 0);
      uint32_t base = !matmulResult && uint32_t(value) & sys::kAccumulatorBit ? uint32_t(value) & ~sys::kLocalOffsetMask & 0xf0000000u : 0;
      state.addOperands(memory);
      segments.push_back(1);
      if (int64_t offset = int32_t(uint32_t(value) - base))
        state.addAttribute((name + "_offset").str(), builder.getI64IntegerAttr(offset));
    } else if (field == Field::fn) {
      if (value || info.op == sys::Op::salu || info.op == sys::Op::br || info.op == sys::Op::vector)
        state.addAttribute(name, builder.getStringAttr(sys::functionText(i)));
    } else if (field == Field::td || field == Field::ta || field == Field::tb) {
      if (value)
        state.addAttribute(name, builder.getStringAttr(typeName(value)));
    } else if ((value || (info.op == sys::Op::loop && field == Field::rows)) && !(info.op == sys::Op::loop && field == Field::cols)) {
      state.addAttribute(name, builder.getI64IntegerAttr(value));
    }
  }

  Operation *build(const sys::Instruction &i, const sys::OpInfo &info) {
    OperationState state(module.getLoc(), ("systolic." + StringRef(info.name)).str());
    SmallVector<int32_t> segments;
    addTokens(state, "wait", {i.wait0, i.wait1}, segments);
    addTokens(state, "signal", {i.signal0, i.signal1}, segments);
    for (unsigned f = unsigned(Field::fn); f != sys::kFields; ++f)
      if (Field field = Field(f); info.fields >> f & 1 && field != Field::flags && (field < Field::wait0 || field > Field::signal1))
        addField(state, info, field, i, segments);
    for (unsigned bit = 0; bit != 8; ++bit)
      if (const char *name = sys::flagName(info.op, bit); name && i.flags >> bit & 1)
        state.addAttribute(name, builder.getUnitAttr());
    state.addAttribute("operandSegmentSizes", builder.getDenseI32ArrayAttr(segments));
    if (info.op == sys::Op::loop)
      state.addRegion();
    return builder.create(state);
  }

  LogicalResult instructions(size_t first, size_t end) {
    for (size_t at = first; at < end; ++at) {
      const sys::Instruction &i = program.code[at];
      std::string wrong = sys::checkInstruction(i);
      if (!wrong.empty())
        return module.emitError() << "instruction " << at << ": " << wrong;
      const sys::OpInfo &info = *sys::opInfo(unsigned(i.op));
      if (info.op == sys::Op::next && !(depth > 0 && at + 1 == end))
        return module.emitError() << "instruction " << at << ": a next must be the last of its loop's body";
      Operation *op = build(i, info);
      if (info.op != sys::Op::loop)
        continue;
      if (i.cols < 1 || i.cols >= int64_t(end - at))
        return module.emitError() << "instruction " << at << ": the loop's body of " << i.cols << " instructions does not lie within what holds it";
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToEnd(&op->getRegion(0).emplaceBlock());
      if (failed(body(at + 1, at + 1 + size_t(i.cols))))
        return failure();
      at += size_t(i.cols);
    }
    return success();
  }

  /// A loop's body: it ends with the one next of its level.
  LogicalResult body(size_t first, size_t end) {
    if (program.code[end - 1].op != int64_t(sys::Op::next))
      return module.emitError() << "instruction " << end - 1 << ": a loop's body must end with its next";
    ++depth;
    LogicalResult result = instructions(first, end);
    --depth;
    return result;
  }
  unsigned depth = 0;
};
} // namespace

LogicalResult sys::translateFromProgram(const Program &program, StringRef name, ModuleOp module) {
  return Importer(program, module).run(name);
}
