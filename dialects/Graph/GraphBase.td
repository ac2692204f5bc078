// What all operations of the graph share: tensor types and the base class.
#ifndef GIRIH_GRAPH_BASE
#define GIRIH_GRAPH_BASE

include "mlir/IR/OpBase.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"
include "dialects/Graph/GraphAttrs.td"

def Girih_Tensor : Type<CPred<"::girih::graph::isGraphTensor($_self)">,
  "ranked tensor of f32, bf16, f16, i32, i8 or i1 with every `?` named by #girih.dims", "::mlir::RankedTensorType">;
class Girih_TensorOf<string predicate, string what> : Type<
  And<[Girih_Tensor.predicate,
       CPred<"[](::mlir::Type e) { return " # predicate # "; }(::llvm::cast<::mlir::RankedTensorType>($_self).getElementType())">]>,
  "ranked tensor of " # what # " with every `?` named by #girih.dims", "::mlir::RankedTensorType">;
def Girih_FloatTensor : Girih_TensorOf<"::llvm::isa<::mlir::FloatType>(e)", "f32, bf16 or f16">;
def Girih_IndexTensor : Girih_TensorOf<"e.isInteger(32)", "i32">;
def Girih_F32Tensor : Girih_TensorOf<"e.isF32()", "f32">;
def Girih_I8Tensor : Girih_TensorOf<"e.isInteger(8)", "i8">;
def Girih_FactorTensor : Girih_TensorOf<"::llvm::isa<::mlir::FloatType>(e) || e.isInteger(8)", "f32, bf16, f16 or i8">;
def Girih_SumTensor : Girih_TensorOf<"::llvm::isa<::mlir::FloatType>(e) || e.isInteger(32)", "f32, bf16, f16 or i32">;
def Girih_NumberTensor : Girih_TensorOf<"!e.isInteger(1)", "f32, bf16, f16, i32 or i8">;

// Checks that the sizes an op's types mention are declared symbols.
def Girih_SizesDeclaredTrait : NativeOpTrait<"SizesDeclared", [], [{
    ::llvm::LogicalResult verifySymbolUses(::mlir::SymbolTableCollection &tables);
  }], [{
    ::llvm::LogicalResult $cppClass::verifySymbolUses(::mlir::SymbolTableCollection &tables) {
      return ::girih::graph::verifySizesDeclared(*this, tables);
    }
  }]> {
  let cppNamespace = "::girih::graph";
}
def Girih_SizesDeclared : TraitList<[SymbolUserOpInterface, Girih_SizesDeclaredTrait]>;

// Upstream's questions about positions, answered from the indexing maps (Positions.cpp).
def Girih_PositionsTrait : NativeOpTrait<"PositionsByIndexing", [], [{
    ::llvm::SmallVector<::mlir::utils::IteratorType> getLoopIteratorTypes() { return getIteratorTypes(); }
    ::llvm::SmallVector<::mlir::Range> getIterationDomain(::mlir::OpBuilder &builder) {
      return ::girih::graph::iterationDomain(*this, builder);
    }
    ::llvm::LogicalResult getResultTilePosition(::mlir::OpBuilder &, unsigned result,
        ::llvm::ArrayRef<::mlir::OpFoldResult> offsets, ::llvm::ArrayRef<::mlir::OpFoldResult> sizes,
        ::llvm::SmallVector<::mlir::OpFoldResult> &resultOffsets, ::llvm::SmallVector<::mlir::OpFoldResult> &resultSizes) {
      return ::girih::graph::resultTilePosition(*this, result, offsets, sizes, resultOffsets, resultSizes);
    }
    ::llvm::LogicalResult getIterationDomainTileFromResultTile(::mlir::OpBuilder &builder, unsigned result,
        ::llvm::ArrayRef<::mlir::OpFoldResult> offsets, ::llvm::ArrayRef<::mlir::OpFoldResult> sizes,
        ::llvm::SmallVectorImpl<::mlir::OpFoldResult> &domainOffsets, ::llvm::SmallVectorImpl<::mlir::OpFoldResult> &domainSizes) {
      return ::girih::graph::domainTileOfResultTile(*this, builder, result, offsets, sizes, domainOffsets, domainSizes);
    }
  }]> {
  let cppNamespace = "::girih::graph";
}
def Girih_Indexed : TraitList<[DeclareOpInterfaceMethods<Girih_IndexedOpInterface>, TilingInterface, Girih_PositionsTrait]>;

class Girih_Op<string mnemonic, list<Trait> traits = []> : Op<Girih_Dialect, mnemonic, traits>;

// A pure op on tensors whose result types follow from operands and attributes, or (cast, reshape) are stated.
class Girih_TensorOp<string mnemonic, list<Trait> traits = []> : Girih_Op<mnemonic,
    !listconcat([Pure, Girih_SizesDeclared, Girih_Indexed], traits)>;
// Result types are inferred, and checked by a trait of ours: upstream's check adds a second error, "failed to infer returned
// types", to the one that says what is wrong.
def Girih_InfersResultsTrait : NativeOpTrait<"InfersResults", [], [{
    static ::llvm::LogicalResult refineReturnTypes(
        ::mlir::MLIRContext *, std::optional<::mlir::Location>, ::mlir::ValueRange, ::mlir::DictionaryAttr,
        ::mlir::OpaqueProperties, ::mlir::RegionRange, ::llvm::SmallVectorImpl<::mlir::Type> &) {
      return ::llvm::success();
    }
  }]> {
  let cppNamespace = "::girih::graph";
}
def Girih_InfersResults : TraitList<[InferTypeOpAdaptor, Girih_InfersResultsTrait]>;
class Girih_InferredOp<string mnemonic, list<Trait> traits = []> :
    Girih_TensorOp<mnemonic, !listconcat([Girih_InfersResults], traits)>;

// Compute and accumulator types of a contraction.
defvar Girih_contractionDeclarations = [{
    /// The type operands are rounded to before they are multiplied; the first operand's element type unless stated.
    ::mlir::Type getComputeType();
    /// The type products are summed in; f32 unless stated.
    ::mlir::Type getAccumulateType();
}];

#endif // GIRIH_GRAPH_BASE
