// Constraints on the dialect's attributes where other dialects' ops carry them: modules, entry points,
// kernels.
#include "dialects/Graph/States.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace mlir;
using namespace girih::graph;

static LogicalResult verifyContract(Operation *op, Attribute value) {
  auto text = dyn_cast<StringAttr>(value);
  if (text && llvm::is_contained({"exact", "stable", "fast"}, text.getValue()))
    return success();
  return op->emitOpError("expects girih.contract to be \"exact\", \"stable\" or \"fast\", but got ") << value;
}

static LogicalResult verifyProperties(Operation *op, Attribute value) {
  auto properties = dyn_cast<DictionaryAttr>(value);
  auto isText = [](NamedAttribute property) { return isa<StringAttr>(property.getValue()); };
  if (isa<ModuleOp>(op) && properties && llvm::all_of(properties, isText))
    return success();
  return op->emitOpError("expects girih.properties to be a dictionary of strings on a module, but got ")
         << value;
}

static LogicalResult verifyWork(Operation *op, StringRef name, Attribute value) {
  auto isSize = [](Attribute term) {
    auto text = dyn_cast<StringAttr>(term);
    return text && succeeded(SizeExpr::parse(text.getValue()));
  };
  auto terms = dyn_cast<ArrayAttr>(value);
  if (isa<LaunchOp>(op) && terms && llvm::all_of(terms, isSize))
    return success();
  return op->emitOpError("expects ") << name
                                     << " to be a list of size expressions on a girih.launch, but got "
                                     << value;
}

/// The names that users know ports by; two of one name could not be told apart.
static LogicalResult verifyNames(func::FuncOp entry, StringRef what, unsigned count,
                                 function_ref<StringAttr(unsigned)> nameOf) {
  llvm::StringSet<> names;
  for (unsigned i = 0; i < count; ++i)
    if (StringAttr name = nameOf(i); name && !names.insert(name.getValue()).second)
      return entry.emitOpError("expects ") << what << " of different names, but got " << name << " twice";
  return success();
}

static LogicalResult verifyEntry(func::FuncOp entry) {
  FunctionType type = entry.getFunctionType();
  if (entry.isExternal())
    return entry.emitOpError("expects girih.entry on a function with a body");
  for (Type port : llvm::concat<const Type>(type.getInputs(), type.getResults()))
    if (!isGraphTensor(port))
      return entry.emitOpError(
                 "expects an entry's arguments and results to be ranked tensors with every `?` named by "
                 "#girih.dims, but got ")
             << port;
    else if (llvm::is_contained(cast<RankedTensorType>(port).getShape(), 0))
      return entry.emitOpError("expects an entry's arguments and results to have elements, but got ") << port;
  if (failed(verifyNames(entry, "arguments", type.getNumInputs(),
                         [&](unsigned i) { return entry.getArgAttrOfType<StringAttr>(i, kNameAttr); })))
    return failure();
  if (failed(verifyNames(entry, "results", type.getNumResults(),
                         [&](unsigned i) { return entry.getResultAttrOfType<StringAttr>(i, kNameAttr); })))
    return failure();
  return verifyStates(entry);
}

/// Layers' names, each with the least and the greatest of something.
static LogicalResult verifyRanges(Operation *op, Attribute value) {
  auto ranges = dyn_cast<DictionaryAttr>(value);
  auto isRange = [](NamedAttribute entry) {
    auto range = dyn_cast<DenseF32ArrayAttr>(entry.getValue());
    return range && range.size() == 2 && range[0] <= range[1] && std::isfinite(range[1] - range[0]);
  };
  if (ranges && llvm::all_of(ranges, isRange))
    return success();
  return op->emitOpError("expects girih.ranges to be a dictionary of array<f32: least, greatest>, but got ")
         << value;
}

LogicalResult GirihDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == kContractAttr)
    return verifyContract(op, attribute.getValue());
  if (name == kModelAttr || name == kTargetAttr || name == kDtypeAttr)
    return isa<StringAttr>(attribute.getValue())
               ? success()
               : op->emitOpError("expects ") << name << " to be a string, but got " << attribute.getValue();
  if (name == kRangesAttr)
    return verifyRanges(op, attribute.getValue());
  if (name == kEntryAttr || name == kKernelAttr) {
    auto function = dyn_cast<func::FuncOp>(op);
    if (function && isa<UnitAttr>(attribute.getValue()))
      return name == kEntryAttr ? verifyEntry(function) : success();
    return op->emitOpError("expects ") << name << " as a unit attribute of a func.func";
  }
  if (name == kPropertiesAttr)
    return verifyProperties(op, attribute.getValue());
  if (name == kFlopsAttr || name == kBytesAttr)
    return verifyWork(op, name, attribute.getValue());
  if (name == kScratchAttr)
    return isa<IntegerAttr>(attribute.getValue())
               ? success()
               : op->emitOpError("expects ") << name << " to be an integer, but got " << attribute.getValue();
  return op->emitOpError("expects an attribute of the girih dialect, but got ") << name;
}

/// Both bounds as i64 or i32 integers, lower first.
static LogicalResult verifyRange(Operation *op, Type type, Attribute value) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.getElementType().isInteger(32))
    return op->emitOpError("expects girih.range on a tensor of i32, but got ") << type;
  SmallVector<int64_t> bounds;
  if (auto list = dyn_cast<ArrayAttr>(value))
    for (Attribute bound : list)
      if (auto integer = dyn_cast<IntegerAttr>(bound))
        bounds.push_back(integer.getInt());
  if (bounds.size() != 2 || bounds[0] >= bounds[1])
    return op->emitOpError("expects girih.range to be [lo, hi] with lo < hi, but got ") << value;
  return success();
}

static LogicalResult verifyPortAttribute(Operation *op, Type type, NamedAttribute attribute,
                                         bool isArgument) {
  if (attribute.getName() == kNameAttr)
    return isa<StringAttr>(attribute.getValue()) ? success()
                                                 : op->emitOpError("expects girih.name to be a string");
  if (attribute.getName() == kRangeAttr && isArgument)
    return verifyRange(op, type, attribute.getValue());
  if (attribute.getName() == kStateAttr) {
    if (isArgument ? isa<UnitAttr>(attribute.getValue()) : isa<IntegerAttr>(attribute.getValue()))
      return success();
    return op->emitOpError(
               "expects girih.state to be a unit on arguments, an argument's number on results, but got ")
           << attribute.getValue();
  }
  return op->emitOpError("expects girih.name, girih.state or, on arguments, girih.range, but got ")
         << attribute.getName();
}

LogicalResult GirihDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned index,
                                                     NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitOpError("expects ") << attribute.getName() << " on a function's arguments";
  return verifyPortAttribute(op, function.getArgumentTypes()[index], attribute, /*isArgument=*/true);
}

LogicalResult GirihDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned index,
                                                        NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitOpError("expects ") << attribute.getName() << " on a function's results";
  return verifyPortAttribute(op, function.getResultTypes()[index], attribute, /*isArgument=*/false);
}
