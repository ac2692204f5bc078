// The dialect itself: registration, constants, and the free functions about graphs.
#include "dialects/Graph/Graph.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace girih::graph;

#include "dialects/Graph/GraphDialect.cpp.inc"
#include "dialects/Graph/GraphEnums.cpp.inc"
#include "dialects/Graph/GraphInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Graph/GraphOps.cpp.inc"

void GirihDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/Graph/GraphOps.cpp.inc"
      >();
}

Operation *GirihDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location location) {
  auto elements = dyn_cast<ElementsAttr>(value);
  return elements && elements.getType() == type ? ConstantOp::create(builder, location, elements) : nullptr;
}

TilePull::~TilePull() = default;

static bool isElementType(Type type) {
  return isa<Float32Type, BFloat16Type, Float16Type>(type) || type.isInteger(32) || type.isInteger(8) ||
         type.isInteger(1);
}

bool girih::graph::isGraphTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !isElementType(tensor.getElementType()))
    return false;
  return tensor.hasStaticShape() || isa_and_present<DimsAttr>(tensor.getEncoding());
}

int64_t girih::graph::getElementBytes(Type elementType) { return (elementType.getIntOrFloatBitWidth() + 7) / 8; }

int64_t girih::graph::getStoredBytes(RankedTensorType type) {
  if (auto encoding = dyn_cast_if_present<EncodingAttrInterface>(type.getEncoding()))
    return encoding.getStoredBytes(type.getShape(), type.getElementType());
  return type.getNumElements() * getElementBytes(type.getElementType());
}

static void collectNames(Location location, llvm::SetVector<StringRef> &names) {
  if (auto named = dyn_cast<NameLoc>(location)) {
    names.insert(named.getName().getValue());
  } else if (auto fused = dyn_cast<FusedLoc>(location)) {
    for (Location part : fused.getLocations())
      collectNames(part, names);
  } else if (auto call = dyn_cast<CallSiteLoc>(location)) {
    collectNames(call.getCallee(), names);
  }
}

std::string girih::graph::layerName(Location location) {
  llvm::SetVector<StringRef> names;
  collectNames(location, names);
  return llvm::join(names, " + ");
}

std::string girih::graph::nameOf(Operation *op) {
  std::string layer = layerName(op->getLoc());
  return layer.empty() ? op->getName().getStringRef().str() : layer;
}

std::optional<int64_t> girih::graph::evaluateAt(const SizeExpr &size, Operation *user,
                                                function_ref<int64_t(SymbolOp)> valueOf) {
  return size.evaluate([&](StringRef name) -> std::optional<int64_t> {
    auto symbol =
        SymbolTable::lookupNearestSymbolFrom<SymbolOp>(user, StringAttr::get(user->getContext(), name));
    return symbol ? std::optional(valueOf(symbol)) : std::nullopt;
  });
}

int64_t girih::graph::usualValue(SymbolOp symbol) { return symbol.getLikely().value_or(symbol.getMax()); }

bool girih::graph::isExact(Operation *op) {
  auto module = op->getParentOfType<ModuleOp>();
  auto contract = module ? module->getAttrOfType<StringAttr>(kContractAttr) : StringAttr();
  return contract && contract == "exact";
}
