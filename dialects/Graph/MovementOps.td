// Ops that move, select or combine elements along axes.
#ifndef GIRIH_GRAPH_MOVEMENT_OPS
#define GIRIH_GRAPH_MOVEMENT_OPS

include "dialects/Graph/GraphBase.td"

def Girih_ReduceOp : Girih_InferredOp<"reduce"> {
  let summary = "combines elements along axes";
  let arguments = (ins Girih_NumberTensor:$input, Girih_ReduceKindAttr:$kind, DenseI64ArrayAttr:$axes, UnitAttr:$keep_dims);
  let results = (outs Girih_NumberTensor:$result);
  let assemblyFormat = "$kind $input `axes` $axes (`keep_dims` $keep_dims^)? attr-dict `:` functional-type(operands, results)";
}

def Girih_GatherOp : Girih_InferredOp<"gather"> {
  let summary = "selects slices along an axis by index";
  let arguments = (ins Girih_Tensor:$data, Girih_IndexTensor:$indices, I64Attr:$axis);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$data `,` $indices attr-dict `:` functional-type(operands, results)";
}

def Girih_ConcatOp : Girih_InferredOp<"concat"> {
  let summary = "joins tensors along an axis";
  let arguments = (ins Variadic<Girih_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Girih_SliceOp : Girih_Op<"slice", [Pure, Girih_InfersResults, DeclareOpInterfaceMethods<Girih_IndexedOpInterface>,
                                       DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "cuts a box out of a tensor";
  let arguments = (ins Girih_Tensor:$input, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$sizes);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$input `offsets` $offsets `sizes` $sizes attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Girih_ReshapeOp : Girih_TensorOp<"reshape"> {
  let summary = "the same elements in row-major order under another shape";
  let arguments = (ins Girih_Tensor:$input);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::llvm::ArrayRef<::girih::graph::SizeExpr>":$sizes)>];
}

def Girih_TransposeOp : Girih_InferredOp<"transpose"> {
  let summary = "permutes dimensions";
  let arguments = (ins Girih_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

#endif // GIRIH_GRAPH_MOVEMENT_OPS
