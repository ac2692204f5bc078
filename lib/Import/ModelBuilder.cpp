// Claims tensors of the checkpoint and writes the module: symbols, parameters in the order of their first
// use, the entry.
#include "lib/Import/ModelBuilder.h"

#include "lib/Support/Error.h"
#include "lib/Support/File.h"
#include "lib/Support/Json.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace girih;
using namespace girih::import;
using graph::SizeExpr;

/// The names that checkpoints older than transformers 2 give to the same tensor.
static std::string legacyName(StringRef name) {
  StringRef stem = name;
  if (stem.consume_back("LayerNorm.weight"))
    return (stem + "LayerNorm.gamma").str();
  if (stem.consume_back("LayerNorm.bias"))
    return (stem + "LayerNorm.beta").str();
  return name.str();
}

ModelBuilder::ModelBuilder(MLIRContext &context, StringRef directory, Type floatType)
    : builder(&context), module(ModuleOp::create(UnknownLoc::get(&context))),
      location(UnknownLoc::get(&context)), floatType(floatType) {
  context.loadDialect<graph::GirihDialect, func::FuncDialect>();
  (*module)->setAttr(graph::kContractAttr, builder.getStringAttr("stable"));
  (*module)->setAttr(graph::kModelAttr, builder.getStringAttr(directory));
}

void ModelBuilder::addSymbol(StringRef name, int64_t max, std::optional<int64_t> likely) {
  builder.setInsertionPointToEnd(module->getBody());
  auto symbol = graph::SymbolOp::create(builder, location, name, 1, max);
  if (likely)
    symbol.setLikely(*likely);
}

RankedTensorType ModelBuilder::tokensType() {
  return graph::getTensorType({SizeExpr::symbol("batch"), SizeExpr::symbol("seq")}, builder.getI32Type());
}

void ModelBuilder::beginEntry(StringRef name, ArrayRef<EntryInput> inputs) {
  builder.setInsertionPointToEnd(module->getBody());
  SmallVector<Type> types(llvm::map_range(inputs, [](const EntryInput &input) { return input.type; }));
  // The result's type is known once the entry is built.
  entry = func::FuncOp::create(builder, location, name, builder.getFunctionType(types, {}));
  entry->setAttr(graph::kEntryAttr, builder.getUnitAttr());
  for (auto [i, input] : llvm::enumerate(inputs)) {
    entry.setArgAttr(i, graph::kNameAttr, builder.getStringAttr(input.name));
    if (input.isState)
      entry.setArgAttr(i, graph::kStateAttr, builder.getUnitAttr());
    else if (input.first < input.end)
      entry.setArgAttr(i, graph::kRangeAttr, builder.getI64ArrayAttr({input.first, input.end}));
  }
  builder.setInsertionPointToStart(entry.addEntryBlock());
}

void ModelBuilder::beginEncode(int64_t vocabulary) {
  beginEntry("encode", {{"ids", tokensType(), 0, vocabulary}, {"mask", tokensType(), 0, 2}});
}

void ModelBuilder::endEntry(ArrayRef<EntryResult> results, ValueRange states) {
  SmallVector<Value> values(llvm::map_range(results, [](const EntryResult &result) { return result.value; }));
  llvm::append_range(values, states);
  func::ReturnOp::create(builder, location, values);
  entry.setType(builder.getFunctionType(entry.getArgumentTypes(), ValueRange(values).getTypes()));
  for (auto [i, result] : llvm::enumerate(results))
    entry.setResultAttr(i, graph::kNameAttr, builder.getStringAttr(result.name));
  unsigned next = results.size();
  for (unsigned i = 0; i < entry.getNumArguments(); ++i)
    if (entry.getArgAttr(i, graph::kStateAttr))
      entry.setResultAttr(next++, graph::kStateAttr, builder.getI64IntegerAttr(i));
}

llvm::Expected<OwningOpRef<ModuleOp>> ModelBuilder::finish() {
  if (error)
    return std::move(error);
  if (mlir::failed(verify(*module)))
    return makeError(ExitStatus::Internal, "internal",
                     "the imported graph does not verify; please report this model");
  return std::move(module);
}

void ModelBuilder::use(WeightSource next) {
  source = std::move(next);
  claimed.clear();
}

void ModelBuilder::at(const Twine &module) {
  location = NameLoc::get(builder.getStringAttr(source.module + module));
}

void ModelBuilder::fail(llvm::Error next) {
  if (error)
    llvm::consumeError(std::move(next));
  else
    error = std::move(next);
}

std::string ModelBuilder::directory() const {
  return (*module)->getAttrOfType<StringAttr>(graph::kModelAttr).str();
}

/// Where a tensor lies, as the user finds it.
std::string ModelBuilder::fileOf(const Checkpoint::Entry &entry) const {
  return quoted(joinPath(directory(), source.folder + entry.file));
}

/// A missing tensor may be there under another module's name; say what the checkpoint does hold nearby.
std::string ModelBuilder::describeMissing(StringRef name) const {
  std::vector<StringRef> names = source.checkpoint->names();
  StringRef best;
  unsigned distance = 24;
  for (StringRef candidate : names)
    if (unsigned d = candidate.edit_distance(name, true, distance); d < distance)
      std::tie(best, distance) = std::pair(candidate, d);
  std::string count = llvm::formatv("{0} tensors", names.size()).str();
  return best.empty() ? count : count + ", the nearest being " + quoted(best);
}

static Type weightType(StringRef dtype, MLIRContext *context) {
  if (dtype == "F32")
    return Float32Type::get(context);
  if (dtype == "BF16")
    return BFloat16Type::get(context);
  if (dtype == "F16")
    return Float16Type::get(context);
  return {};
}

/// The format of a quantized type, or nothing.
static std::optional<graph::BlockFormat> blockFormat(StringRef dtype) {
  return graph::symbolizeBlockFormat(dtype.lower());
}

/// Finds a tensor, checks shape and type, and says where its `elements` elements from number `first` on lie.
graph::SourceAttr ModelBuilder::claim(StringRef name, ArrayRef<int64_t> shape, int64_t first,
                                      int64_t elements) {
  if (!source.checkpoint || failed())
    return {};
  name.consume_front(source.dropped);
  std::string full = source.prefix + name.str();
  const Checkpoint::Entry *entry = source.checkpoint->find(full);
  if (!entry)
    entry = source.checkpoint->find(legacyName(full));
  if (!entry) {
    fail(
        badInput("missing-tensor",
                 "expected tensor {0} of shape {1}, as config.json or a default of its family says, but the "
                 "weights have no such tensor ({2}); in {3}; check that config.json belongs to these weights",
                 quoted(full), printShape(shape), describeMissing(full), quoted(directory())));
    return {};
  }
  claimed.insert(entry->tensor.name);
  if (ArrayRef<int64_t>(entry->tensor.shape) != shape) {
    fail(badInput(
        "shape-mismatch",
        "expected tensor {0} to have shape {1}, as config.json or a default of its family says, but "
        "found {2}; in {3}; check that config.json belongs to these weights",
        quoted(entry->tensor.name), printShape(shape), printShape(entry->tensor.shape), fileOf(*entry)));
    return {};
  }
  if (std::optional<graph::BlockFormat> format = blockFormat(entry->tensor.dtype))
    return claimBlocks(*entry, *format, first, elements);
  Type type = weightType(entry->tensor.dtype, builder.getContext());
  if (!type) {
    fail(badInput("unsupported-dtype",
                  "expected tensor {0} to be F32, BF16 or F16, but found {1}; in {2}; convert it first",
                  quoted(entry->tensor.name), entry->tensor.dtype, fileOf(*entry)));
    return {};
  }
  int64_t bytes = graph::getElementBytes(type);
  return graph::SourceAttr::get(builder.getContext(), source.folder + entry->file,
                                entry->tensor.offset + first * bytes, elements * bytes, type);
}

/// Rows of blocks, of a matrix that is whole blocks wide.
graph::SourceAttr ModelBuilder::claimBlocks(const Checkpoint::Entry &entry, graph::BlockFormat format,
                                            int64_t first, int64_t elements) {
  if (entry.tensor.shape.size() != 2) {
    fail(badInput(
        "unsupported-dtype", "expected tensor {0} of {1} to be a matrix, but its shape is {2}; in {3}",
        quoted(entry.tensor.name), entry.tensor.dtype, printShape(entry.tensor.shape), fileOf(entry)));
    return {};
  }
  int64_t width = entry.tensor.shape.back(),
          rowBytes = static_cast<int64_t>(entry.tensor.bytes) / entry.tensor.shape.front();
  return graph::SourceAttr::get(builder.getContext(), source.folder + entry.file,
                                static_cast<int64_t>(entry.tensor.offset) + first / width * rowBytes,
                                elements / width * rowBytes, builder.getF32Type(), format, 0, 0);
}

/// What a parameter is stored as: quantized weights keep their blocks, and a matrix whose numbers f32 only
/// widens keeps their type, which kernels widen as they load.
RankedTensorType ModelBuilder::storedType(ArrayRef<int64_t> shape, graph::SourceAttr from) {
  if (!from || !from.getFormat()) {
    bool narrow = from && floatType.isF32() && shape.size() == 2 && graph::getElementBytes(from.getType()) < 4;
    return RankedTensorType::get(shape, narrow ? from.getType() : floatType);
  }
  return RankedTensorType::get(shape, builder.getF32Type(),
                               graph::BlocksAttr::get(builder.getContext(), *from.getFormat()));
}

void ModelBuilder::setProperty(StringRef name, StringRef text) {
  if (text.empty())
    return;
  NamedAttrList properties((*module)->getAttrOfType<DictionaryAttr>(graph::kPropertiesAttr));
  properties.set(name, builder.getStringAttr(text));
  (*module)->setAttr(graph::kPropertiesAttr, properties.getDictionary(builder.getContext()));
}

/// Declares the parameter, unless it is, and reads it.
Value ModelBuilder::read(StringRef name, ArrayRef<int64_t> shape, graph::SourceAttr from) {
  graph::ParameterOp &parameter = parameters[source.module + name.str()];
  if (!parameter) {
    OpBuilder atModule(entry);
    parameter = graph::ParameterOp::create(atModule, location, source.module + name.str(),
                                           storedType(shape, from), from);
  }
  return create<graph::GetParameterOp>(parameter);
}

Value ModelBuilder::parameter(StringRef name, ArrayRef<int64_t> shape, int64_t unpaired) {
  graph::SourceAttr from = claim(name, shape, 0, ShapedType::getNumElements(shape));
  if (from && unpaired)
    from = graph::SourceAttr::get(from.getContext(), from.getFile(), from.getOffset(), from.getBytes(),
                                  from.getType(), from.getFormat(), unpaired, 0);
  return read(name, shape, from);
}

Value ModelBuilder::lookUp(StringRef name, ArrayRef<int64_t> shape, Value ids) {
  Value rows = create<graph::EmbeddingOp>(parameter(name, shape), ids);
  if (cast<RankedTensorType>(rows.getType()).getElementType() == floatType)
    return rows;
  return create<graph::CastOp>(rows, floatType);
}

Value ModelBuilder::firstRow(StringRef name, ArrayRef<int64_t> shape) {
  return read((name + "[0]").str(), shape.drop_front(), claim(name, shape, 0, shape.back()));
}

Value ModelBuilder::rows(StringRef name, ArrayRef<int64_t> shape, int64_t first, int64_t count) {
  int64_t width = ShapedType::getNumElements(shape.drop_front());
  SmallVector<int64_t> part(shape);
  part.front() = count;
  std::string range = llvm::formatv("{0}[{1}:{2}]", name, first, first + count).str();
  return read(range, part, claim(name, shape, first * width, count * width));
}

Value ModelBuilder::columns(StringRef name, ArrayRef<int64_t> shape, int64_t first, int64_t count) {
  graph::SourceAttr from = claim(name, shape, first, (shape[0] - 1) * shape[1] + count);
  if (from)
    from = graph::SourceAttr::get(from.getContext(), from.getFile(), from.getOffset(), from.getBytes(),
                                  from.getType(), from.getFormat(), 0, shape[1]);
  std::string part =
      count == shape[1] ? name.str() : llvm::formatv("{0}[:, {1}:{2}]", name, first, first + count).str();
  return read(part, {count, shape[0]}, from);
}

Value ModelBuilder::table(StringRef name, DenseElementsAttr value) {
  graph::ParameterOp &parameter = parameters[source.module + name.str()];
  if (!parameter) {
    OpBuilder atModule(entry);
    parameter = graph::ParameterOp::create(atModule, location, source.module + name.str(),
                                           cast<RankedTensorType>(value.getType()), value);
  }
  return create<graph::GetParameterOp>(parameter);
}

void ModelBuilder::checkAllClaimed(ArrayRef<StringLiteral> ignored, ArrayRef<StringLiteral> ignoredEndings) {
  if (!source.checkpoint || failed())
    return;
  auto isIgnored = [&](StringRef name) {
    name.consume_front(source.prefix);
    return llvm::any_of(ignored, [&](StringRef start) { return name.starts_with(start); }) ||
           llvm::any_of(ignoredEndings, [&](StringRef end) { return name.ends_with(end); });
  };
  std::vector<StringRef> extra;
  for (StringRef name : source.checkpoint->names())
    if (!claimed.contains(name) && !isIgnored(name))
      extra.push_back(name);
  if (extra.empty())
    return;
  const Checkpoint::Entry *first = source.checkpoint->find(extra.front());
  fail(badInput(
      "unexpected-tensor",
      "expected only tensors that config.json has a place for, but found {0} of shape {1}{2}; in {3}; "
      "check that config.json belongs to these weights",
      quoted(extra.front()), printShape(first->tensor.shape),
      extra.size() > 1 ? llvm::formatv(" and {0} more", extra.size() - 1).str() : std::string(),
      fileOf(*first)));
}
