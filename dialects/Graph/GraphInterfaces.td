// What passes may ask of a graph op without knowing which op it is: how it is indexed, what it computes
// (reference), and how one tile of its result is computed (pull); and what they may ask of an encoding.
#ifndef GIRIH_GRAPH_INTERFACES
#define GIRIH_GRAPH_INTERFACES

include "mlir/IR/OpBase.td"

def Girih_IndexedOpInterface : OpInterface<"IndexedOpInterface"> {
  let cppNamespace = "::girih::graph";
  let description = [{
    Describes an op as a loop nest: the iterators, and for each operand and result the affine map from iterators to the element
    that an iteration touches. Upstream `TilingInterface` and, later, sharding are derived from these maps alone.

    Iterators come in the order of the first result's dimensions, then the rest. An iterator is `parallel` if it indexes a
    result, else `reduction`; an operand dimension that a result element needs whole (the axis of a softmax, the table of an
    embedding) is indexed by a `reduction` iterator of its own. A dimension broadcast from size 1 is indexed by the constant 0.
    Maps are semi-affine: their symbols are the symbols in the first operand's sizes, in alphabetical order. Two more conventions:
    an input of `concat` is read at `d - offset`, meant only where that is inside the input; and each map yields as many results as
    its operand or result has dimensions.
  }];
  let methods = [
    InterfaceMethod<"The kind of every iterator.",
      "::llvm::SmallVector<::mlir::utils::IteratorType>", "getIteratorTypes">,
    InterfaceMethod<"One map per operand, then one per result.",
      "::llvm::SmallVector<::mlir::AffineMap>", "getIndexingMaps">,
  ];
}

def Girih_ReferenceOpInterface : OpInterface<"ReferenceOpInterface"> {
  let cppNamespace = "::girih::graph";
  let description = [{
    The definition of an op: evaluates it on host tensors in f64, rounding at results. Attached by `lib/Reference`.
  }];
  let methods = [
    InterfaceMethod<"Computes `results` from `operands`; results arrive with type and storage, an absent optional operand is left out.",
      "::llvm::LogicalResult", "evaluate",
      (ins "::llvm::ArrayRef<const ::girih::reference::HostTensor *>":$operands,
           "::llvm::MutableArrayRef<::girih::reference::HostTensor>":$results)>,
  ];
}

def Girih_TileableOpInterface : OpInterface<"TileableOpInterface"> {
  let cppNamespace = "::girih::graph";
  let description = [{
    Computes one tile of a result from tiles of the operands, which it pulls. Attached by `lib/Tiling`.
  }];
  let methods = [
    InterfaceMethod<"Emits the tile of result number `result` at `offsets` with static `sizes`.",
      "::mlir::FailureOr<::mlir::Value>", "emitTile",
      (ins "::girih::graph::TilePull &":$pull, "unsigned":$result,
           "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets, "::llvm::ArrayRef<int64_t>":$sizes)>,
  ];
}

def Girih_EncodingAttrInterface : AttrInterface<"EncodingAttrInterface"> {
  let cppNamespace = "::girih::graph";
  let description = [{
    How the elements of a tensor lie in memory. The logical shape and element type stay those of the tensor. Packing runs one
    group of rows (indices of dimension 0) at a time, so a weight larger than memory can be packed: groups are stored one
    after another, each from its own rows alone. Rows come as the parameter's source has them: row-major elements, or rows of
    quantized blocks.
  }];
  let methods = [
    InterfaceMethod<"Bytes that a tensor of `shape` takes when stored.",
      "int64_t", "getStoredBytes", (ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType)>,
    InterfaceMethod<"How many rows are packed together.",
      "int64_t", "getGroupRows", (ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType)>,
    InterfaceMethod<"Bytes of one stored group; the last one is as long as the others.",
      "int64_t", "getGroupBytes", (ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType)>,
    InterfaceMethod<"The quantized format of the rows that are packed; none: row-major elements.",
      "::std::optional<::girih::graph::BlockFormat>", "getSourceFormat">,
    InterfaceMethod<"Packs `rows`, at most a group of them, into one stored `group`.",
      "void", "packGroup", (ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType,
           "::llvm::ArrayRef<char>":$rows, "::llvm::MutableArrayRef<char>":$group)>,
    InterfaceMethod<"Restores `rows`, at most a group of them, as they were packed, from one stored `group`.",
      "void", "unpackGroup", (ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType,
           "::llvm::ArrayRef<char>":$group, "::llvm::MutableArrayRef<char>":$rows)>,
    InterfaceMethod<"Decodes the element at `index` of a stored tensor into `element` (the bytes of one element).",
      "void", "decodeElement", (ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType,
           "::llvm::ArrayRef<char>":$stored, "::llvm::ArrayRef<int64_t>":$index, "::llvm::MutableArrayRef<char>":$element)>,
  ];
}

#endif // GIRIH_GRAPH_INTERFACES
