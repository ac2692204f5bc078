// Ops that move, select or combine elements along axes.
#ifndef GIRIH_GRAPH_MOVEMENT_OPS
#define GIRIH_GRAPH_MOVEMENT_OPS

include "dialects/Graph/GraphBase.td"

def Girih_ReduceOp : Girih_InferredOp<"reduce"> {
  let summary = "elements combined along axes";
  let description = [{
    Combines the elements along `axes` into one. The axes vanish, or stay with size 1 if `keep_dims`.

    `result[kept] = kind over axes of input[..]`

    C1: `axes` are some of the input's, in ascending order, each once.
    C2: a `mean` is of floats.

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.reduce mean %x axes [1] keep_dims : (tensor<4x16xf32>) -> tensor<4x1xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitMovement.cpp`, to `tile.reduce`.
  }];
  let arguments = (ins
    Arg<Girih_NumberTensor, "elements to combine">:$input,
    Arg<Girih_ReduceKindAttr, "how to combine them">:$kind,
    Arg<DenseI64ArrayAttr, "axes that vanish">:$axes,
    Arg<UnitAttr, "whether axes stay with size 1">:$keep_dims);
  let results = (outs Girih_NumberTensor:$result);
  let assemblyFormat = "$kind $input `axes` $axes (`keep_dims` $keep_dims^)? attr-dict `:` functional-type(operands, results)";
}

def Girih_GatherOp : Girih_InferredOp<"gather"> {
  let summary = "slices along an axis, selected by index";
  let description = [{
    Replaces `axis` by the dimensions of `indices`: each index selects one slice of `data`. Indices outside are clamped.

    `result[a.., i.., c..] = data[a.., indices[i..], c..]`

    C1: `axis` is one of the data's.

    ```mlir
    func.func @f(%x: tensor<4x16xf32>, %i: tensor<3xi32>) {
      %0 = girih.gather %x, %i {axis = 1 : i64} : (tensor<4x16xf32>, tensor<3xi32>) -> tensor<4x3xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitMovement.cpp`, to `tile.gather`.
  }];
  let arguments = (ins
    Arg<Girih_Tensor, "slices to select from">:$data,
    Arg<Girih_IndexTensor, "which slices">:$indices,
    Arg<I64Attr, "axis that the indices select along">:$axis);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$data `,` $indices attr-dict `:` functional-type(operands, results)";
}

def Girih_ConcatOp : Girih_InferredOp<"concat"> {
  let summary = "tensors joined along an axis";
  let description = [{
    Lays the inputs one after another along `axis`.

    `result[.., i, ..] = inputs[j][.., i - offset[j], ..]`, where `offset[j]` is the sum of the sizes before input j

    C1: there is at least one input.
    C2: `axis` is one of the inputs'.
    C3: the inputs have one element type and equal sizes but along `axis`.

    ```mlir
    girih.symbol @seq {min = 1 : i64, max = 512 : i64}
    func.func @f(%x: tensor<?x8xf32, #girih.dims<"seq">>, %y: tensor<1x8xf32>) {
      %0 = girih.concat %x, %x, %y {axis = 0 : i64} :
        (tensor<?x8xf32, #girih.dims<"seq">>, tensor<?x8xf32, #girih.dims<"seq">>, tensor<1x8xf32>) -> tensor<?x8xf32, #girih.dims<"2*seq + 1">>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitMovement.cpp`.
  }];
  let arguments = (ins
    Arg<Variadic<Girih_Tensor>, "tensors to join">:$inputs,
    Arg<I64Attr, "axis to join along">:$axis);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Girih_SliceOp : Girih_Op<"slice", [Pure, Girih_InfersResults, Girih_Indexed,
                                       DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a box cut out of a tensor";
  let description = [{
    Takes `sizes[i]` elements of dimension i from `offsets[i]` on; a size of -1 means all the rest.

    `result[i..] = input[i + offsets..]`

    C1: there are one offset and one size for each dimension.
    C2: the part lies inside, and its size is known: static, or all of a symbolic dimension.
    C3: a static part of a symbolic dimension lies inside whatever the symbols are.

    ```mlir
    girih.symbol @seq {min = 1 : i64, max = 512 : i64}
    func.func @f(%x: tensor<?x8xf32, #girih.dims<"seq">>) {
      %0 = girih.slice %x offsets [0, 2] sizes [1, -1] : (tensor<?x8xf32, #girih.dims<"seq">>) -> tensor<1x6xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitMovement.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_Tensor, "tensor to cut">:$input,
    Arg<DenseI64ArrayAttr, "first index of each dimension">:$offsets,
    Arg<DenseI64ArrayAttr, "size of each dimension, -1 for all the rest">:$sizes);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$input `offsets` $offsets `sizes` $sizes attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Girih_ReshapeOp : Girih_TensorOp<"reshape"> {
  let summary = "the same elements under another shape";
  let description = [{
    Gives the elements, in row-major order, another shape, which the result's type states.

    C1: the element type stays; `girih.cast` converts.
    C2: the number of elements, a size expression, stays.
    C3: the result is row-major.

    ```mlir
    girih.symbol @batch {min = 1 : i64, max = 32 : i64}
    girih.symbol @seq {min = 1 : i64, max = 512 : i64}
    func.func @f(%x: tensor<?x?x384xf32, #girih.dims<"batch", "seq">>) {
      %0 = girih.reshape %x : (tensor<?x?x384xf32, #girih.dims<"batch", "seq">>) -> tensor<?x12x32xf32, #girih.dims<"batch*seq">>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitMovement.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_Tensor, "elements in row-major order">:$input);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::llvm::ArrayRef<::girih::graph::SizeExpr>":$sizes)>];
}

def Girih_TransposeOp : Girih_InferredOp<"transpose"> {
  let summary = "dimensions permuted";
  let description = [{
    Makes dimension `permutation[i]` of the input dimension i of the result.

    `result[i[0], i[1], ..] = input[j..]` with `j[permutation[k]] = i[k]`

    C1: `permutation` holds every dimension of the input once.

    ```mlir
    func.func @f(%x: tensor<2x3x4xf32>) {
      %0 = girih.transpose %x [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitMovement.cpp`, to `tile.transpose`.
  }];
  let arguments = (ins
    Arg<Girih_Tensor, "tensor to permute">:$input,
    Arg<DenseI64ArrayAttr, "the input dimension of each result dimension">:$permutation);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

#endif // GIRIH_GRAPH_MOVEMENT_OPS
