// Shapes and constraints of the ops that multiply and sum.
#include "dialects/Graph/Inference.h"

using namespace mlir;
using namespace girih::graph;

/// The stated type, or the fallback where none is stated.
static Type typeOr(std::optional<Type> stated, Type fallback) { return stated ? *stated : fallback; }

/// Operands are rounded to a float type before they are multiplied, and sums are kept in one.
template <typename Op> static LogicalResult verifyContractionTypes(Op op) {
  if (!isa<Float32Type, BFloat16Type, Float16Type>(op.getComputeType()))
    return op.emitOpError("expects a compute type of f32, bf16 or f16, but got ") << op.getComputeType();
  if (!isa<Float32Type>(op.getAccumulateType()))
    return op.emitOpError("expects an accumulator of f32, but got ") << op.getAccumulateType();
  return success();
}

/// What attention does to its scores.
template <typename Op> static LogicalResult verifyScores(Op op) {
  if (!op.getScale().isFinite())
    return op.emitOpError("expects a finite scale, but got ") << op.getScaleAttr();
  if (op.getSoftcap() && (!op.getSoftcap()->isFinite() || op.getSoftcap()->isNegative() || op.getSoftcap()->isZero()))
    return op.emitOpError("expects a finite, positive softcap, but got ") << op.getSoftcapAttr();
  if (op.getWindow() && static_cast<int64_t>(*op.getWindow()) < 1)
    return op.emitOpError("expects a window of at least 1, but got ") << static_cast<int64_t>(*op.getWindow());
  return success();
}

//===-- linear ------------------------------------------------------------===//

LogicalResult LinearOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op, Types &types) {
  Shape shape = sizesOf(op.getInput());
  if (shape.empty()) // C1
    return expects<LinearOp>(location, {{"input", op.getInput()}}, "input of rank 1 or more, but got ", op.getInput().getType());
  if (failed(expectRank<LinearOp>(location, "weight", op.getWeight(), 2))) // C2
    return failure();
  Shape weight = sizesOf(op.getWeight());
  if (weight[1] != shape.back()) // C2
    return expects<LinearOp>(location, {{"input", op.getInput()}, {"weight", op.getWeight()}}, "input and weight of equal last size K, but got ", shape.back().str(), " and ",
                             weight[1].str());
  if (op.getBias() && failed(expectShape<LinearOp>(location, "bias", "[N]", op.getBias(), {weight[0]}))) // C3
    return failure();
  shape.back() = weight[0];
  Type element = elementOf(op.getInput());
  types.push_back(getTensorType(shape, element.isInteger(8) ? IntegerType::get(context, 32) : element));
  return success();
}

LogicalResult LinearOp::verify() {
  bool isInteger = elementOf(getInput()).isInteger(8);
  if (isInteger != elementOf(getWeight()).isInteger(8)) // C5
    return noteDefinitions(emitOpError("expects input and weight both of i8 or of floats, but got ")
                               << elementOf(getInput()) << " and " << elementOf(getWeight()),
                           {{"input", getInput()}, {"weight", getWeight()}});
  if (!isInteger)
    return verifyContractionTypes(*this);           // C4
  if (getBias() || getCompute() || getAccumulate()) // C5
    return emitOpError("expects no bias, compute or accumulate with operands of i8, whose sums are i32");
  return success();
}
Type LinearOp::getComputeType() { return typeOr(getCompute(), elementOf(getInput())); }
Type LinearOp::getAccumulateType() {
  Type sum = getComputeType().isInteger(8) ? Type(IntegerType::get(getContext(), 32))
                                           : Type(Float32Type::get(getContext()));
  return typeOr(getAccumulate(), sum);
}

//===-- attention ---------------------------------------------------------===//

using AttentionAdaptor = AttentionOp::Adaptor;

/// Heads: rank 4, static counts and sizes, groups that share keys.
static LogicalResult checkHeads(MaybeLocation location, AttentionAdaptor op) {
  std::pair<StringRef, Value> operands[] = {
      {"query", op.getQuery()}, {"key", op.getKey()}, {"value", op.getValue()}};
  for (auto [name, value] : operands) { // C1
    if (failed(expectRank<AttentionOp>(location, name, value, 4)))
      return failure();
    if (tensorType(value).isDynamicDim(2) || tensorType(value).isDynamicDim(3))
      return expects<AttentionOp>(location, {{name, value}}, name, " with static heads and head size, but got ", value.getType());
    if (elementOf(value) != elementOf(op.getQuery()))
      return expects<AttentionOp>(location, {{"query", op.getQuery()}, {name, value}}, "query, key and value of one element type, but got ",
                                  elementOf(op.getQuery()), " and ", elementOf(value));
  }
  ArrayRef<int64_t> query = tensorType(op.getQuery()).getShape(), key = tensorType(op.getKey()).getShape();
  if (key[2] == 0 || query[2] % key[2] != 0) // C3
    return expects<AttentionOp>(location, {{"query", op.getQuery()}, {"key", op.getKey()}}, "query heads to be a multiple of key heads, but got ", query[2], " and ",
                                key[2]);
  if (query[3] != key[3]) // C2
    return expects<AttentionOp>(location, {{"query", op.getQuery()}, {"key", op.getKey()}}, "query and key of equal head size, but got ", query[3], " and ", key[3]);
  return success();
}

/// Sequences: batches agree, every key has a value.
static LogicalResult checkSequences(MaybeLocation location, AttentionAdaptor op) {
  Shape query = sizesOf(op.getQuery()), key = sizesOf(op.getKey()), value = sizesOf(op.getValue());
  if (key[0] != query[0] || value[0] != query[0]) // C2
    return expects<AttentionOp>(location, {{"query", op.getQuery()}, {"key", op.getKey()}, {"value", op.getValue()}}, "query, key and value of equal batch, but got ", query[0].str(), ", ",
                                key[0].str(), " and ", value[0].str());
  if (value[1] != key[1]) // C2
    return expects<AttentionOp>(location, {{"key", op.getKey()}, {"value", op.getValue()}}, "key and value of equal length, but got ", key[1].str(), " and ",
                                value[1].str());
  if (value[2] != key[2]) // C2
    return expects<AttentionOp>(location, {{"key", op.getKey()}, {"value", op.getValue()}}, "key and value of equal heads, but got ", key[2].str(), " and ",
                                value[2].str());
  return success();
}

static LogicalResult checkMaskAndBias(MaybeLocation location, AttentionAdaptor op) {
  Shape query = sizesOf(op.getQuery()), key = sizesOf(op.getKey());
  if (op.getMask() && // C4
      failed(expectShape<AttentionOp>(location, "mask", "[b, t]", op.getMask(), {key[0], key[1]})))
    return failure();
  if (!op.getBias())
    return success();
  Shape full = {query[0], query[2], query[1], key[1]}, bias = sizesOf(op.getBias());
  bool fits = bias.size() == 4 && bias[2] == full[2] && bias[3] == full[3];
  for (int i = 0; fits && i < 2; ++i)
    fits = bias[i] == full[i] || bias[i] == SizeExpr(1);
  if (!fits) // C5
    return expects<AttentionOp>(location, {{"bias", op.getBias()}}, "bias of shape [b or 1, h or 1, s, t] = ", describe(full), ", but got ",
                                op.getBias().getType());
  return success();
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op, Types &types) {
  if (failed(checkHeads(location, op)) || failed(checkSequences(location, op)) ||
      failed(checkMaskAndBias(location, op)))
    return failure();
  Shape query = sizesOf(op.getQuery());
  types.push_back(getTensorType({query[0], query[1], query[2], sizesOf(op.getValue())[3]}, elementOf(op.getQuery())));
  if (op.getReturnLse())
    types.push_back(getTensorType({query[0], query[2], query[1]}, Float32Type::get(context)));
  return success();
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyScores(*this))) // C7
    return failure();
  if (getWindow() && !getCausal()) // C8
    return emitOpError("expects causal with a window, but got a window of ") << *getWindow() << " alone";
  return verifyContractionTypes(*this); // C6
}
Type AttentionOp::getComputeType() { return typeOr(getCompute(), elementOf(getQuery())); }
Type AttentionOp::getAccumulateType() { return typeOr(getAccumulate(), Float32Type::get(getContext())); }

//===-- attention over a cache --------------------------------------------===//

/// Ranks, static heads, one element type.
template <typename Op>
static LogicalResult checkCachedHeads(MaybeLocation location, typename Op::Adaptor op) {
  std::tuple<StringRef, Value, int64_t> operands[] = {
      {"query", op.getQuery(), 4}, {"keys", op.getKeys(), 3}, {"values", op.getValues(), 3}};
  for (auto [name, value, rank] : operands) { // C1
    if (failed(expectRank<Op>(location, name, value, rank)))
      return failure();
    if (tensorType(value).isDynamicDim(rank - 2) || tensorType(value).isDynamicDim(rank - 1))
      return expects<Op>(location, name, " with static heads and head size, but got ", value.getType());
    if (elementOf(value) != elementOf(op.getQuery()))
      return expects<Op>(location, "query, keys and values of one element type, but got ",
                         elementOf(op.getQuery()), " and ", elementOf(value));
  }
  Shape query = sizesOf(op.getQuery()), keys = sizesOf(op.getKeys()), values = sizesOf(op.getValues());
  if (keys[2] != query[3]) // C2
    return expects<Op>(location, "query and keys of equal head size, but got ", query[3].str(), " and ",
                       keys[2].str());
  if (values[0] != keys[0] || values[1] != keys[1]) // C2
    return expects<Op>(location, "keys and values of equal slots and heads, but got ", op.getKeys().getType(),
                       " and ", op.getValues().getType());
  int64_t heads = tensorType(op.getQuery()).getDimSize(2), groups = tensorType(op.getKeys()).getDimSize(1);
  if (groups == 0 || heads % groups != 0) // C3
    return expects<Op>(location, "query heads to be a multiple of key heads, but got ", heads, " and ",
                       groups);
  return success();
}

/// All that is asked of the operands.
template <typename Op> static LogicalResult checkCached(MaybeLocation location, typename Op::Adaptor op) {
  if (failed(checkCachedHeads<Op>(location, op)) ||
      failed(expectRank<Op>(location, "table", op.getTable(), 2))) // C4
    return failure();
  Shape query = sizesOf(op.getQuery()), table = sizesOf(op.getTable());
  return failure(
      failed(expectShape<Op>(location, "table", "[b, T]", op.getTable(), {query[0], table[1]})) || // C4
      failed(expectShape<Op>(location, "positions", "[b, s]", op.getPositions(), {query[0], query[1]})));
}

LogicalResult PagedAttentionOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                 Types &types) {
  if (failed(checkCached<PagedAttentionOp>(location, op)))
    return failure();
  Shape query = sizesOf(op.getQuery());
  types.push_back(
      getTensorType({query[0], query[1], query[2], sizesOf(op.getValues())[2]}, elementOf(op.getQuery())));
  return success();
}

LogicalResult PagedAttentionOp::verify() {
  return failed(verifyScores(*this)) ? failure() : verifyContractionTypes(*this); // C6, C5
}
Type PagedAttentionOp::getComputeType() { return typeOr(getCompute(), elementOf(getQuery())); }
Type PagedAttentionOp::getAccumulateType() { return typeOr(getAccumulate(), Float32Type::get(getContext())); }

//===-- attention over a cache, in parts ----------------------------------===//

LogicalResult SplitAttentionOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                 Types &types) {
  if (failed(checkCached<SplitAttentionOp>(location, op)))
    return failure();
  Shape query = sizesOf(op.getQuery());
  if (query[1] != SizeExpr(1)) // C1
    return expects<SplitAttentionOp>(location, {{"query", op.getQuery()}},
                                     "one query of each sequence, but got ", op.getQuery().getType());
  int64_t parts = op.getParts(), block = op.getBlock();
  if (parts < 1 || block < 1) // C2
    return expects<SplitAttentionOp>(location, "parts and block of at least 1, but got ", parts, " and ",
                                     block);
  Type f32 = Float32Type::get(context);
  types.push_back(getTensorType({query[0], parts, query[2], sizesOf(op.getValues())[2]}, f32));
  types.append(2, getTensorType({query[0], parts, query[2]}, f32));
  return success();
}

LogicalResult SplitAttentionOp::verify() {
  return failed(verifyScores(*this)) ? failure() : verifyContractionTypes(*this); // C1
}
Type SplitAttentionOp::getComputeType() { return typeOr(getCompute(), elementOf(getQuery())); }
Type SplitAttentionOp::getAccumulateType() { return typeOr(getAccumulate(), Float32Type::get(getContext())); }

LogicalResult MergeAttentionOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                                 Types &types) {
  if (failed(expectRank<MergeAttentionOp>(location, "weighted", op.getWeighted(), 4)))
    return failure();
  Shape weighted = sizesOf(op.getWeighted()), statistic(ArrayRef(weighted).drop_back());
  for (auto [name, value] : {std::pair<StringRef, Value>("maximum", op.getMaximum()), {"sum", op.getSum()}})
    if (failed(expectShape<MergeAttentionOp>(location, name, "[b, P, H]", value, statistic))) // C1
      return failure();
  for (Value value : {op.getWeighted(), op.getMaximum(), op.getSum()})
    if (!elementOf(value).isF32()) // C1
      return expects<MergeAttentionOp>(location, "operands of f32, but got ", value.getType());
  Type element = typeOr(op.getElement(), elementOf(op.getWeighted()));
  if (!isa<FloatType>(element)) // C2
    return expects<MergeAttentionOp>(location, "results of a float type, but got ", element);
  types.push_back(getTensorType({weighted[0], 1, weighted[2], weighted[3]}, element));
  return success();
}
