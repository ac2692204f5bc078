// Operations of the `tile` dialect, in the order a program uses them: structure, memory, contraction
// and reduction, then movement. Each description gives the meaning, the constraints (Cn) that the
// verifier cites, and one example.
#ifndef GIRIH_DIALECTS_TILE_TILEOPS_TD
#define GIRIH_DIALECTS_TILE_TILEOPS_TD

include "dialects/Tile/TileAttrs.td"
include "dialects/Tile/TileTypes.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

//===- Structure ----------------------------------------------------------------------------------===//

def Tile_ProgramOp : Tile_Op<"program", [
    FunctionOpInterface, IsolatedFromAbove, SingleBlock, AutomaticAllocationScope]> {
  let summary = "what one block of a kernel computes";
  let description = [{
    Computes one block of the program's outputs, its last `outputs` arguments. A launch runs the body
    once for every point of the grid: dimension `i` has `ceildiv(dim(arg, dim), step)` blocks, the
    last dimension runs fastest, an empty grid is one block. Blocks are independent: they may run in
    any order or at once, and no two of them store the same element.

    Inputs are only read and outputs only written, and their memory never overlaps; so a load is pure.

    `sampling` marks a program that draws tokens from logits: integer work on a few numbers, which a target may leave to the host.

    C1: every argument is a view, there are no results.
    C2: `1 <= outputs <=` the number of arguments.
    C3: each grid dimension names an argument, a dimension of it, and a step of at least 1; or a number of blocks.
    C4: the body is one block, ended by `tile.return`.
    C5: `tile.in_place = N` on an output view names an input of its type: the two are one memory, of which the program writes some.

    ```mlir
    tile.program @relu(%x: !tile.view<?x384xf32>, %y: !tile.view<?x384xf32>)
        grid [#tile.grid<arg = 1, dim = 0, step = 64>] outputs 1 {
      %i = tile.program_index 0
      %step = arith.constant 64 : index
      %row = arith.muli %i, %step : index
      %zero = arith.constant 0 : index
      %t = tile.load %x[%row, %zero] : !tile.view<?x384xf32> -> tensor<64x384xf32>
      %z = arith.constant dense<0.0> : tensor<64x384xf32>
      %r = arith.maximumf %t, %z : tensor<64x384xf32>
      tile.store %r, %y[%row, %zero] : tensor<64x384xf32>, !tile.view<?x384xf32>
      tile.return
    }
    ```

    Lowering: the target's `Lowering.cpp`; interpreted by `lib/Reference/TileProgram.cpp`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
      TypeAttrOf<FunctionType>:$function_type,
      TypedArrayAttrBase<Tile_GridAttr, "the grid, slowest dimension first">:$grid,
      ConfinedAttr<I64Attr, [IntPositive]>:$outputs,
      UnitAttr:$sampling,
      OptionalAttr<StrAttr>:$sym_visibility,
      OptionalAttr<DictArrayAttr>:$arg_attrs,
      OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let skipDefaultBuilders = 1;
  let builders = [
    /// Makes the entry block too; the caller fills it and ends it with `tile.return`.
    OpBuilder<(ins "::llvm::StringRef":$name, "::llvm::ArrayRef<::mlir::Type>":$views,
        "::llvm::ArrayRef<::girih::tile::GridAttr>":$grid, "int64_t":$outputs)>
  ];
  let extraClassDeclaration = [{
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    bool isDeclaration() { return false; }

    unsigned getNumInputs() { return getFunctionType().getNumInputs() - getOutputs(); }
    /// The views that the program reads, then those it writes.
    ::llvm::ArrayRef<::mlir::BlockArgument> getInputViews();
    ::llvm::ArrayRef<::mlir::BlockArgument> getOutputViews();
    ::girih::tile::ViewType getViewType(unsigned i);
    ::girih::tile::GridAttr getGridDim(unsigned i);
    unsigned getGridRank() { return getGrid().size(); }
  }];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Tile_ReturnOp : Tile_Op<"return", [Pure, Terminator, ReturnLike, HasParent<"ProgramOp">]> {
  let summary = "ends a program";
  let description = [{
    Ends the block's work; everything it computed was stored.

    ```mlir
    tile.return
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_ProgramIndexOp : Tile_Op<"program_index", [Pure]> {
  let summary = "this block's number along a grid dimension";
  let description = [{
    Yields the number of this block along grid dimension `dim`, from 0. The block's offset is the
    index times the dimension's step.

    C1: `dim` is a dimension of the enclosing program's grid.

    ```mlir
    %i = tile.program_index 0
    ```
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$dim);
  let results = (outs Index:$result);
  let assemblyFormat = "$dim attr-dict";
  let hasVerifier = 1;
}

def Tile_DimOp : Tile_Op<"dim", [Pure]> {
  let summary = "size of a view's dimension";
  let description = [{
    Yields the size of dimension `dim` of the view, in elements.

    C1: `dim` is a dimension of the view.

    ```mlir
    %n = tile.dim %x, 0 : !tile.view<?x384xf32>
    ```
  }];
  let arguments = (ins Arg<Tile_ViewType, "the view">:$view, ConfinedAttr<I64Attr, [IntNonNegative]>:$dim);
  let results = (outs Index:$result);
  let assemblyFormat = "$view `,` $dim attr-dict `:` qualified(type($view))";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===- Memory -------------------------------------------------------------------------------------===//

def Tile_LoadOp : Tile_Op<"load", [Pure]> {
  let summary = "reads a tile from an input view";
  let description = [{
    Reads the tile that begins at `offsets`; tile dimension `i` runs along view dimension `dims[i]`,
    the view's other dimensions stay at their offset. Elements outside the view read as 0 (also where
    an offset is negative). An encoding is decoded.

        result[t] = view[offsets + sum over i of t[i] along dims[i]], or 0 outside

    Pure, because a program's inputs are never written while it runs: equal loads may be merged and
    loads may move out of loops.

    C1: the view is one of the enclosing program's inputs.
    C2: there is one offset for each view dimension.
    C3: `dims` are strictly increasing view dimensions, one for each tile dimension; absent, they are
        all of the view's.
    C4: tile and view have the same element type.

    ```mlir
    %t = tile.load %q[%b, %i, %head, %zero] dims [1, 3] : !tile.view<?x?x12x32xf32> -> tensor<64x32xf32>
    ```

    Lowering: vector reads, masked at the edge only.
  }];
  let arguments = (ins Arg<Tile_ViewType, "an input view">:$view,
      Arg<Variadic<Index>, "where the tile begins, one per view dimension">:$offsets,
      OptionalAttr<DenseI64ArrayAttr>:$dims);
  let results = (outs Res<Tile_Tile, "the elements read">:$result);
  let builders = [
    OpBuilder<(ins "::mlir::Type":$tile, "::mlir::Value":$view, "::mlir::ValueRange":$offsets,
        CArg<"::llvm::ArrayRef<int64_t>", "{}">:$dims)>
  ];
  let extraClassDeclaration = [{
    /// The view dimension that each tile dimension runs along.
    ::llvm::SmallVector<int64_t> getTileDims();
  }];
  let assemblyFormat = [{
    $view `[` $offsets `]` (`dims` $dims^)? attr-dict `:` qualified(type($view)) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_StoreOp : Tile_Op<"store"> {
  let summary = "writes a tile to an output view";
  let description = [{
    Writes the tile so that it begins at `offsets`, with the same meaning of `dims` as `tile.load`.
    Elements outside the view are dropped.

    C1: the view is one of the enclosing program's outputs, and has no encoding.
    C2: there is one offset for each view dimension.
    C3: `dims` are strictly increasing view dimensions, one for each tile dimension; absent, they are
        all of the view's.
    C4: tile and view have the same element type.

    ```mlir
    tile.store %t, %y[%i, %j] : tensor<64x64xf32>, !tile.view<?x1536xf32>
    ```

    Lowering: vector writes, masked at the edge only.
  }];
  let arguments = (ins Arg<Tile_Tile, "the elements to write">:$tile,
      Arg<Tile_ViewType, "an output view", [MemWrite]>:$view,
      Arg<Variadic<Index>, "where the tile begins, one per view dimension">:$offsets,
      OptionalAttr<DenseI64ArrayAttr>:$dims);
  let builders = [
    OpBuilder<(ins "::mlir::Value":$tile, "::mlir::Value":$view, "::mlir::ValueRange":$offsets,
        CArg<"::llvm::ArrayRef<int64_t>", "{}">:$dims)>
  ];
  let extraClassDeclaration = [{
    /// The view dimension that each tile dimension runs along.
    ::llvm::SmallVector<int64_t> getTileDims();
  }];
  let assemblyFormat = [{
    $tile `,` $view `[` $offsets `]` (`dims` $dims^)? attr-dict `:` type($tile) `,` qualified(type($view))
  }];
  let hasVerifier = 1;
}

def Tile_ScatterOp : Tile_Op<"scatter"> {
  let summary = "writes rows to an output view by index";
  let description = [{
    Writes one row of the tile to the view's row that its index names; along the view's other dimensions the tile begins at
    `offsets`. Rows whose index lies outside the view are dropped, and so are elements outside it. Indices inside are distinct.

        view[indices[r], offsets + t...] = tile[r, t...]

    C1: the view is one of the enclosing program's outputs, and has no encoding.
    C2: there is one offset for each view dimension but the first.
    C3: the tile has the view's rank, and as many rows as there are indices.
    C4: tile and view have the same element type.

    ```mlir
    tile.scatter %t, %out[%slots, %head, %zero] : tensor<64x3x64xf32>, !tile.view<?x3x64xf32>, tensor<64xi32>
    ```

    Lowering: vector writes, a test a row.
  }];
  let arguments = (ins Arg<Tile_Tile, "the rows to write">:$tile,
      Arg<Tile_ViewType, "an output view", [MemWrite]>:$view,
      Arg<Tile_I32Tile, "row numbers, a tile of rank 1">:$indices,
      Arg<Variadic<Index>, "where the tile begins, one per view dimension but the first">:$offsets);
  let assemblyFormat = [{
    $tile `,` $view `[` $indices (`,` $offsets^)? `]` attr-dict `:` type($tile) `,` qualified(type($view)) `,` type($indices)
  }];
  let hasVerifier = 1;
}

def Tile_GatherOp : Tile_Op<"gather", [Pure]> {
  let summary = "reads rows of an input view by index";
  let description = [{
    Reads one row of the view for each index; along the view's other dimensions the tile begins at
    `offsets`. Indices are clamped to the view; elsewhere outside the view elements read as 0. Pure,
    as `tile.load` is.

        result[r, t...] = view[clamp(indices[r], 0, rows - 1), offsets + t...]

    C1: the view is one of the enclosing program's inputs.
    C2: there is one offset for each view dimension but the first.
    C3: the result has the view's rank, and as many rows as there are indices.
    C4: tile and view have the same element type.

    ```mlir
    %t = tile.gather %table[%ids, %j] : !tile.view<30522x384xf32>, tensor<64xi32> -> tensor<64x128xf32>
    ```

    Lowering: one vector read a row.
  }];
  let arguments = (ins Arg<Tile_ViewType, "an input view">:$view,
      Arg<Tile_I32Tile, "row numbers, a tile of rank 1">:$indices,
      Arg<Variadic<Index>, "where the tile begins, one per view dimension but the first">:$offsets);
  let results = (outs Res<Tile_Tile, "the rows read">:$result);
  let assemblyFormat = [{
    $view `[` $indices (`,` $offsets^)? `]` attr-dict `:` qualified(type($view)) `,` type($indices) `->` type($result)
  }];
  let hasVerifier = 1;
}

//===- Contraction and reduction ------------------------------------------------------------------===//

def Tile_DotOp : Tile_Op<"dot", [Pure, AllTypesMatch<["acc", "result"]>]> {
  let summary = "accumulating product of two tiles";
  let description = [{
    Multiplies two tiles and adds the product to `acc`. The sum over K is one chain of fused
    multiply-adds in f32 from 0, in order; then it is added to `acc`. A caller who walks K in blocks
    of 256 so gets the order that the contract `stable` asks for. Sums of 8-bit integers are exact, in i32
    modulo 2^32.

        result[m, n] = acc[m, n] + sum over k of lhs[m, k] * rhs[k, n]     (rhs[n, k] with transpose_b)

    C1: all three tiles have rank 2, and their shapes agree: `[M,K]`, `[K,N]` (`[N,K]` with
        `transpose_b`), `[M,N]`.
    C2: lhs and rhs have the same element type.
    C3: `acc` is i32 if they are i8, else f32.

    ```mlir
    %c = tile.dot %a, %b, %acc {transpose_b} : tensor<64x256xf32>, tensor<32x256xf32>, tensor<64x32xf32>
    ```

    Lowering: register-blocked outer products (CPU), matrix instructions elsewhere.
  }];
  let arguments = (ins Arg<Tile_FactorTile, "left tile, [M,K]">:$lhs,
      Arg<Tile_FactorTile, "right tile, [K,N] or [N,K]">:$rhs,
      Arg<Tile_SumTile, "what the product is added to, [M,N]">:$acc,
      UnitAttr:$transpose_b);
  let results = (outs Res<Tile_SumTile, "the sum">:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` $acc attr-dict `:` type($lhs) `,` type($rhs) `,` type($acc)
  }];
  let hasVerifier = 1;
}

def Tile_ReduceOp : Tile_Op<"reduce", [Pure, InferTypeOpAdaptor]> {
  let summary = "combines a tile's elements along one dimension";
  let description = [{
    Combines the elements along dimension `axis`, which the result drops. The order is fixed: 16
    partial results by index mod 16, each combined in order of its index, then a tree over the 16:
    0 with 8, 1 with 9, ...; 0 with 4, ...; 0 with 2, ...; 0 with 1. A partial without elements takes
    no part; an axis shorter than 16 has as many partials as elements, filled up with the kind's
    neutral element (-0.0 for add, so that no sign of zero is lost). `max` and `min` propagate NaN,
    as `arith.maximumf` does; integers are signed.

        result[...] = combine over i of input[..., i, ...]

    C1: `axis` is a dimension of the tile, of at least one element.
    C2: elements are f32 or i32: narrower ones are widened first, so that rounding shows.

    ```mlir
    %s = tile.reduce add %t axis 1 : tensor<64x384xf32>
    ```

    Lowering: 16 lanes, then the tree.
  }];
  let arguments = (ins Tile_ReduceKindAttr:$kind, Arg<Tile_Tile, "the tile">:$input,
      ConfinedAttr<I64Attr, [IntNonNegative]>:$axis);
  let results = (outs Res<Tile_Tile, "the tile without dimension axis">:$result);
  let assemblyFormat = "$kind $input `axis` $axis attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def Tile_QuantizeOp : Tile_Op<"quantize", [Pure, Elementwise, SameOperandsAndResultShape]> {
  let summary = "floats as the nearest 8-bit integers";
  let description = [{
    Rounds every element to the nearest integer, halves to even, and clamps it to -128 .. 127; NaN becomes 0.

    ```mlir
    %q = tile.quantize %x : tensor<64x384xf32> -> tensor<64x384xi8>
    ```

    Lowering: one saturating conversion, which every target has.
  }];
  let arguments = (ins Arg<Tile_F32Tile, "elements, in units of one">:$input);
  let results = (outs Res<Tile_I8Tile, "the integers">:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

//===- Movement -----------------------------------------------------------------------------------===//

def Tile_BroadcastOp : Tile_Op<"broadcast", [Pure]> {
  let summary = "repeats a tile along new or unit dimensions";
  let description = [{
    Tile dimension `i` becomes result dimension `dims[i]`; a size of 1 is repeated.

        result[r] = input[i -> r[dims[i]], or 0 where input's size is 1]

    C1: `dims` are strictly increasing result dimensions, one for each input dimension.
    C2: each input size is 1 or the result's.
    C3: element types are the same.

    ```mlir
    %b = tile.broadcast %row dims [1] : tensor<384xf32> -> tensor<64x384xf32>
    ```

    Lowering: vector broadcasts; usually free, as a register read many times.
  }];
  let arguments = (ins Arg<Tile_Tile, "the tile to repeat">:$input, DenseI64ArrayAttr:$dims);
  let results = (outs Res<Tile_Tile, "the repeated tile">:$result);
  let assemblyFormat = "$input `dims` $dims attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Tile_TransposeOp : Tile_Op<"transpose", [Pure, InferTypeOpAdaptor]> {
  let summary = "permutes a tile's dimensions";
  let description = [{
    Result dimension `i` is input dimension `permutation[i]`.

    C1: `permutation` is a permutation of the tile's dimensions.

    ```mlir
    %t = tile.transpose %k [1, 0] : tensor<64x32xf32>
    ```

    Lowering: vector transposes, or an address computation where the tile comes from memory.
  }];
  let arguments = (ins Arg<Tile_Tile, "the tile">:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Res<Tile_Tile, "the permuted tile">:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` type($input)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Tile_ReshapeOp : Tile_Op<"reshape", [Pure]> {
  let summary = "the same elements in another shape";
  let description = [{
    Keeps the elements in row-major order and gives them another shape.

    C1: input and result have the same number of elements and the same element type.

    ```mlir
    %t = tile.reshape %x : tensor<1x64x1x32xf32> -> tensor<64x32xf32>
    ```

    Lowering: none; a view of the same registers or memory.
  }];
  let arguments = (ins Arg<Tile_Tile, "the tile">:$input);
  let results = (outs Res<Tile_Tile, "the reshaped tile">:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Tile_ConcatOp : Tile_Op<"concat", [Pure, InferTypeOpAdaptor]> {
  let summary = "joins tiles along one dimension";
  let description = [{
    Lays the inputs one after another along dimension `axis`.

    C1: there is at least one input; all have the same element type and rank, and `axis` is a dimension.
    C2: sizes agree in every dimension but `axis`.

    ```mlir
    %t = tile.concat %lo, %hi axis 1 : tensor<64x16xf32>, tensor<64x16xf32>
    ```

    Lowering: each part is written to its place.
  }];
  let arguments = (ins Arg<Variadic<Tile_Tile>, "the tiles to join">:$inputs,
      ConfinedAttr<I64Attr, [IntNonNegative]>:$axis);
  let results = (outs Res<Tile_Tile, "the joined tile">:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` type($inputs)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tile_IotaOp : Tile_Op<"iota", [Pure]> {
  let summary = "each element's index along one dimension";
  let description = [{
    Yields the index along dimension `dim`, from 0, at every element.

        result[t] = t[dim]

    C1: `dim` is a dimension of the result.

    ```mlir
    %j = tile.iota 1 : tensor<64x64xi32>
    ```

    Lowering: a vector step, broadcast.
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$dim);
  let results = (outs Res<Tile_I32Tile, "the indices">:$result);
  let assemblyFormat = "$dim attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif
