// Gives the weights of contractions the encoding that the target's micro-kernels read: parameter, reads,
// launches and kernel arguments change type together. A table that an embedding reads too is read by row
// through the same encoding, so that a tied table is stored once.
#include "girih/Target.h"
#include "lib/Tiling/Passes.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace girih::tiling {
#define GEN_PASS_DEF_TILINGPACKOPERANDS
#include "lib/Tiling/Passes.h.inc"
} // namespace girih::tiling

using namespace mlir;
using namespace girih;
using graph::GetParameterOp;
using graph::LaunchOp;
using graph::ParameterOp;

namespace {
/// A kernel argument that only contractions read as their weight, and the type it shall have.
struct PackedArgument {
  func::FuncOp kernel;
  unsigned number;
  RankedTensorType type;
};

struct PackOperands : tiling::impl::TilingPackOperandsBase<PackOperands> {
  using TilingPackOperandsBase::TilingPackOperandsBase;
  void runOnOperation() override;

private:
  void collectLaunches();
  void decodeBlocks();
  std::optional<PackedArgument> choose(func::FuncOp kernel, BlockArgument argument, const CostModel &cost);
  std::optional<PackedArgument> chooseTied(func::FuncOp kernel, BlockArgument argument);
  ParameterOp parameterOf(LaunchOp launch, unsigned number);
  bool comeFromParameters(func::FuncOp kernel, unsigned number);
  void apply(const PackedArgument &packed);
  GetParameterOp readPacked(GetParameterOp read, RankedTensorType type);
  ParameterOp packedParameter(ParameterOp parameter, RankedTensorType type);
  void retypeInPlace();

  SymbolTable *symbols = nullptr;
  llvm::StringMap<SmallVector<LaunchOp>> launches;
  llvm::DenseMap<ParameterOp, ParameterOp> packedOf;
};
} // namespace

void PackOperands::collectLaunches() {
  launches.clear();
  getOperation().walk([&](LaunchOp launch) { launches[launch.getKernel()].push_back(launch); });
}

static bool isOnlyWeight(BlockArgument argument) {
  return !argument.use_empty() && llvm::all_of(argument.getUses(), [](OpOperand &use) {
    auto linear = dyn_cast<graph::LinearOp>(use.getOwner());
    return linear && &linear.getWeightMutable() == &use;
  });
}

/// Whether the argument is only a table whose rows are looked up.
static bool isOnlyTable(BlockArgument argument) {
  return !argument.use_empty() && llvm::all_of(argument.getUses(), [](OpOperand &use) {
    auto embedding = dyn_cast<graph::EmbeddingOp>(use.getOwner());
    return embedding && &embedding.getTableMutable() == &use;
  });
}

/// The parameter that a launch passes as input `number`, or null.
ParameterOp PackOperands::parameterOf(LaunchOp launch, unsigned number) {
  auto read = launch.getInputs()[number].getDefiningOp<GetParameterOp>();
  return read ? symbols->lookup<ParameterOp>(read.getParameter()) : ParameterOp();
}

bool PackOperands::comeFromParameters(func::FuncOp kernel, unsigned number) {
  return llvm::all_of(launches.lookup(kernel.getName()),
                      [&](LaunchOp launch) { return parameterOf(launch, number) != nullptr; });
}

/// A table whose parameters are all packed already, in one way.
std::optional<PackedArgument> PackOperands::chooseTied(func::FuncOp kernel, BlockArgument argument) {
  if (!isOnlyTable(argument))
    return std::nullopt;
  RankedTensorType type;
  for (LaunchOp launch : launches.lookup(kernel.getName())) {
    ParameterOp packedCopy = packedOf.lookup(parameterOf(launch, argument.getArgNumber()));
    if (!packedCopy || (type && type != packedCopy.getType()))
      return std::nullopt;
    type = cast<RankedTensorType>(packedCopy.getType());
  }
  if (!type)
    return std::nullopt;
  return PackedArgument{kernel, argument.getArgNumber(), type};
}

std::optional<PackedArgument> PackOperands::choose(func::FuncOp kernel, BlockArgument argument,
                                                   const CostModel &cost) {
  auto type = cast<RankedTensorType>(argument.getType());
  if (!(!type.getEncoding() || isa<graph::BlocksAttr>(type.getEncoding())) || !type.hasStaticShape() ||
      !isOnlyWeight(argument))
    return std::nullopt;
  Attribute encoding = cost.weightEncoding(type);
  if (!encoding || !comeFromParameters(kernel, argument.getArgNumber()))
    return std::nullopt;
  return PackedArgument{kernel, argument.getArgNumber(),
                        RankedTensorType::get(type.getShape(), type.getElementType(), encoding)};
}

ParameterOp PackOperands::packedParameter(ParameterOp parameter, RankedTensorType type) {
  ParameterOp &packedCopy = packedOf[parameter];
  if (packedCopy)
    return packedCopy;
  OpBuilder b(parameter->getContext());
  b.setInsertionPointAfter(parameter);
  packedCopy = cast<ParameterOp>(b.clone(*parameter));
  packedCopy.setSymName((parameter.getSymName() + ".packed").str());
  packedCopy.setTypeAttr(TypeAttr::get(type));
  symbols->insert(packedCopy); // renames on a clash
  ++packed;
  return packedCopy;
}

GetParameterOp PackOperands::readPacked(GetParameterOp read, RankedTensorType type) {
  auto parameter = symbols->lookup<ParameterOp>(read.getParameter());
  OpBuilder b(read);
  return GetParameterOp::create(b, read.getLoc(), packedParameter(parameter, type));
}

void PackOperands::apply(const PackedArgument &packed) {
  func::FuncOp kernel = packed.kernel;
  for (LaunchOp launch : launches.lookup(kernel.getName())) {
    OpOperand &operand = launch.getInputsMutable()[packed.number];
    auto read = operand.get().getDefiningOp<GetParameterOp>();
    operand.set(readPacked(read, packed.type));
    if (read.use_empty())
      read.erase();
  }
  kernel.getArgument(packed.number).setType(packed.type);
  kernel.setFunctionType(
      FunctionType::get(kernel.getContext(), kernel.getBody().getArgumentTypes(), kernel.getResultTypes()));
}

/// A parameter that nothing reads any more in its old layout gives its name to its packed sibling.
void PackOperands::retypeInPlace() {
  llvm::StringSet<> read;
  getOperation().walk([&](GetParameterOp get) { read.insert(get.getParameter()); });
  llvm::StringMap<StringRef> renamed;
  for (auto [parameter, packedCopy] : packedOf) {
    if (read.contains(parameter.getSymName())) {
      ++duplicated;
      continue;
    }
    renamed[packedCopy.getSymName()] = parameter.getSymName();
  }
  getOperation().walk([&](GetParameterOp get) {
    if (auto it = renamed.find(get.getParameter()); it != renamed.end())
      get.setParameter(it->second);
  });
  for (auto [parameter, packedCopy] : packedOf) {
    if (read.contains(parameter.getSymName()))
      continue;
    StringAttr name = parameter.getSymNameAttr();
    symbols->erase(parameter);
    packedCopy.setSymNameAttr(name);
  }
}

/// The model's compute type, in which weights are stored that no kernel decodes.
static Type elementTypeOf(ModuleOp module) {
  auto dtype = module->getAttrOfType<StringAttr>(graph::kDtypeAttr);
  bool isNarrow = dtype && dtype.getValue() != "f32";
  return isNarrow ? Type(BFloat16Type::get(module.getContext()))
                  : Type(Float32Type::get(module.getContext()));
}

/// Rows of a table are elements of its new type, and what reads them goes on in the old one.
static void retypeRows(graph::EmbeddingOp embedding) {
  auto old = cast<RankedTensorType>(embedding.getResult().getType());
  Type element = cast<RankedTensorType>(embedding.getTable().getType()).getElementType();
  if (old.getElementType() == element)
    return;
  OpBuilder b(embedding->getContext());
  b.setInsertionPointAfter(embedding);
  embedding.getResult().setType(RankedTensorType::get(old.getShape(), element, old.getEncoding()));
  auto cast = graph::CastOp::create(b, embedding.getLoc(), old, embedding.getResult());
  embedding.getResult().replaceAllUsesExcept(cast.getResult(), cast);
}

/// For a target whose kernels read elements: parameters of blocks become their elements, here in the types of
/// parameters, reads and kernels, and in bytes when the artifact is written.
void PackOperands::decodeBlocks() {
  Type element = elementTypeOf(getOperation());
  auto decoded = [&](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    bool isBlocks = tensor && isa_and_nonnull<graph::BlocksAttr>(tensor.getEncoding());
    return isBlocks ? Type(RankedTensorType::get(tensor.getShape(), element)) : type;
  };
  for (auto parameter : getOperation().getOps<ParameterOp>())
    parameter.setTypeAttr(TypeAttr::get(decoded(parameter.getType())));
  getOperation().walk([&](GetParameterOp read) {
    read.getResult().setType(cast<RankedTensorType>(decoded(read.getType())));
  });
  for (auto kernel : getOperation().getOps<func::FuncOp>()) {
    if (!kernel->hasAttr(graph::kKernelAttr))
      continue;
    for (BlockArgument argument : kernel.getArguments())
      argument.setType(decoded(argument.getType()));
    kernel.setFunctionType(
        FunctionType::get(kernel.getContext(), kernel.getBody().getArgumentTypes(), kernel.getResultTypes()));
    kernel.walk(retypeRows);
  }
}

void PackOperands::runOnOperation() {
  FailureOr<std::unique_ptr<Target>> chosen = targetOf(getOperation(), target);
  if (failed(chosen))
    return signalPassFailure();
  if (!(*chosen)->cost().decodesBlocks())
    decodeBlocks();
  SymbolTable table(getOperation());
  symbols = &table;
  packedOf.clear();
  collectLaunches();
  auto forEachArgument =
      [&](function_ref<std::optional<PackedArgument>(func::FuncOp, BlockArgument)> chooses) {
        for (auto kernel : getOperation().getOps<func::FuncOp>())
          if (kernel->hasAttr(graph::kKernelAttr))
            for (BlockArgument argument : kernel.getArguments())
              if (auto packed = chooses(kernel, argument))
                apply(*packed);
      };
  forEachArgument([&](func::FuncOp kernel, BlockArgument argument) {
    return choose(kernel, argument, (*chosen)->cost());
  });
  forEachArgument([&](func::FuncOp kernel, BlockArgument argument) { return chooseTied(kernel, argument); });
  retypeInPlace();
}
