// The `girih` dialect for its users: attributes, interfaces, operations and the few free functions about
// graphs.
#pragma once

#include "dialects/Graph/SizeExpr.h"
#include "dialects/Graph/TilePull.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace girih::reference {
/// A tensor in the host's memory; defined in lib/Reference.
class HostTensor;
} // namespace girih::reference

namespace girih::graph {

/// Whether `type` may appear on a graph op: ranked, one of the dialect's element types, every `?` named.
bool isGraphTensor(mlir::Type type);
/// Checks that every symbol in the sizes of the op's operands and results is declared by a `girih.symbol`.
llvm::LogicalResult verifySizesDeclared(mlir::Operation *op, mlir::SymbolTableCollection &tables);

/// Attribute names on operations of other dialects.
inline constexpr llvm::StringLiteral kContractAttr = "girih.contract";
inline constexpr llvm::StringLiteral kModelAttr = "girih.model";
inline constexpr llvm::StringLiteral kTargetAttr = "girih.target";
/// The compute type that a model was imported with, "f32", "bf16" or "int8" (bf16, but for linear layers).
inline constexpr llvm::StringLiteral kDtypeAttr = "girih.dtype";
/// On modules: the least and the greatest element that each linear layer read in calibration, by layer.
inline constexpr llvm::StringLiteral kRangesAttr = "girih.ranges";
inline constexpr llvm::StringLiteral kEntryAttr = "girih.entry";
inline constexpr llvm::StringLiteral kKernelAttr = "girih.kernel";
inline constexpr llvm::StringLiteral kNameAttr = "girih.name";
inline constexpr llvm::StringLiteral kRangeAttr = "girih.range";
/// On an entry's arguments: memory that a run reads and writes. On its results: the argument whose last
/// version it is.
inline constexpr llvm::StringLiteral kStateAttr = "girih.state";
/// On modules: what users of the artifact may ask, a dictionary of strings.
inline constexpr llvm::StringLiteral kPropertiesAttr = "girih.properties";
/// On a tile program's outputs: the input whose memory it is; elements that are not stored keep what the
/// input held.
inline constexpr llvm::StringLiteral kInPlaceAttr = "tile.in_place";
/// On launches: arithmetic and memory traffic, lists of size expressions to be summed.
inline constexpr llvm::StringLiteral kFlopsAttr = "girih.flops";
inline constexpr llvm::StringLiteral kBytesAttr = "girih.bytes";
/// On lowered kernels: bytes of memory private to a thread.
inline constexpr llvm::StringLiteral kScratchAttr = "girih.scratch_bytes";

/// Marks ops whose types' sizes are verified to be declared.
template <typename ConcreteOp>
class SizesDeclared : public mlir::OpTrait::TraitBase<ConcreteOp, SizesDeclared> {};

/// Checks an op's shape constraints and that its result types are the ones that follow from its operands.
llvm::LogicalResult verifyInferredTypes(mlir::Operation *op);
template <typename ConcreteOp>
class InfersResults : public mlir::OpTrait::TraitBase<ConcreteOp, InfersResults> {
public:
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) { return verifyInferredTypes(op); }
};

/// Positions, from an op's indexing maps: its iteration domain, the tile of a result that a tile of the
/// domain computes, and the tile of the domain that computes a tile of a result.
llvm::SmallVector<mlir::Range> iterationDomain(mlir::Operation *op, mlir::OpBuilder &builder);
llvm::LogicalResult resultTilePosition(mlir::Operation *op, unsigned result,
                                       llvm::ArrayRef<mlir::OpFoldResult> offsets,
                                       llvm::ArrayRef<mlir::OpFoldResult> sizes,
                                       llvm::SmallVector<mlir::OpFoldResult> &resultOffsets,
                                       llvm::SmallVector<mlir::OpFoldResult> &resultSizes);
llvm::LogicalResult domainTileOfResultTile(mlir::Operation *op, mlir::OpBuilder &builder, unsigned result,
                                           llvm::ArrayRef<mlir::OpFoldResult> offsets,
                                           llvm::ArrayRef<mlir::OpFoldResult> sizes,
                                           llvm::SmallVectorImpl<mlir::OpFoldResult> &domainOffsets,
                                           llvm::SmallVectorImpl<mlir::OpFoldResult> &domainSizes);
template <typename ConcreteOp>
class PositionsByIndexing : public mlir::OpTrait::TraitBase<ConcreteOp, PositionsByIndexing> {};

/// The model layers a location names, for traces and messages: "encoder.layer.3.output.dense", several joined
/// by " + ".
std::string layerName(mlir::Location location);
/// An op in messages: its layer, else the name of its kind.
std::string nameOf(mlir::Operation *op);

/// Whether the op's module asks for the reference's order of operations (`girih.contract`).
bool isExact(mlir::Operation *op);

/// Bytes of a tensor's elements in memory: row-major, or as its encoding stores them.
int64_t getStoredBytes(mlir::RankedTensorType type);
/// Bytes of one element in memory; i1 takes one.
int64_t getElementBytes(mlir::Type elementType);

} // namespace girih::graph

#include "dialects/Graph/GraphEnums.h.inc"

#include "dialects/Graph/GraphDialect.h.inc"

#include "dialects/Graph/GraphAttrInterfaces.h.inc"
#include "dialects/Graph/GraphInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Graph/GraphAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/Graph/GraphOps.h.inc"

namespace girih::graph {

/// A whole tensor packed as `encoding` says; `rows` are row-major elements or blocks of the encoding's source
/// format.
std::vector<char> pack(EncodingAttrInterface encoding, mlir::RankedTensorType type,
                       llvm::ArrayRef<char> rows);
/// A whole stored tensor as the rows that it was packed from.
std::vector<char> unpack(EncodingAttrInterface encoding, mlir::RankedTensorType type,
                         llvm::ArrayRef<char> stored);
/// A whole stored tensor as row-major elements.
std::vector<char> decode(EncodingAttrInterface encoding, mlir::RankedTensorType type,
                         llvm::ArrayRef<char> stored);

/// A weight's row as `#girih.quantized` has it: fills in its integers, and returns the number of `part` (scales or sums).
float quantizeRow(QuantizedPart part, llvm::ArrayRef<float> row, llvm::MutableArrayRef<int8_t> values);

/// A size where each symbol has the value that `valueOf` takes from its declaration, as `user` sees it;
/// nothing if one is not declared or the size overflows.
std::optional<int64_t> evaluateAt(const SizeExpr &size, mlir::Operation *user,
                                  llvm::function_ref<int64_t(SymbolOp)> valueOf);
/// A symbol's likely value, else the greatest.
int64_t usualValue(SymbolOp symbol);

} // namespace girih::graph
