// Ops that know what a token sequence is: embeddings, positions, rotary embeddings, pooling.
#ifndef GIRIH_GRAPH_SEQUENCE_OPS
#define GIRIH_GRAPH_SEQUENCE_OPS

include "dialects/Graph/GraphBase.td"

def Girih_EmbeddingOp : Girih_InferredOp<"embedding"> {
  let summary = "rows of a table, by token";
  let description = [{
    Looks up one row of the table for each id. Ids outside the table are clamped; entries check theirs with `girih.range` first.

    `result[.., h] = table[ids[..], h]`

    C1: `table` is `[V, H]`.

    ```mlir
    girih.symbol @seq {min = 1 : i64, max = 512 : i64}
    func.func @f(%t: tensor<30522x384xf32>, %i: tensor<1x?xi32, #girih.dims<"seq">>) {
      %0 = girih.embedding %t, %i : (tensor<30522x384xf32>, tensor<1x?xi32, #girih.dims<"seq">>) -> tensor<1x?x384xf32, #girih.dims<"seq">>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitSequence.cpp`, to `tile.gather`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "rows [V, H]">:$table,
    Arg<Girih_IndexTensor, "row numbers">:$ids);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$table `,` $ids attr-dict `:` functional-type(operands, results)";
}

def Girih_PositionsOp : Girih_InferredOp<"positions"> {
  let summary = "each token's position";
  let description = [{
    Computes the index into a table of position embeddings for each token. `absolute` counts from 0; `skip_padding` is RoBERTa's rule,
    which counts the tokens that are not padding from `padding_index + 1` on and gives padding the `padding_index` itself.

    `result[b, s] = s` if `absolute`

    `result[b, s] = (number of i <= s with ids[b, i] != p) * (ids[b, s] != p) + p` if `skip_padding`, p = `padding_index`

    C1: `ids` is `[b, s]`.
    C2: `padding_index` is given exactly if `kind` is `skip_padding`.

    ```mlir
    func.func @f(%i: tensor<2x16xi32>) {
      %0 = girih.positions skip_padding %i {padding_index = 1 : i64} : (tensor<2x16xi32>) -> tensor<2x16xi32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitSequence.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_IndexTensor, "tokens [b, s]">:$ids,
    Arg<Girih_PositionsKindAttr, "rule of counting">:$kind,
    Arg<OptionalAttr<I64Attr>, "id of padding">:$padding_index);
  let results = (outs Girih_IndexTensor:$result);
  let assemblyFormat = "$kind $ids attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Girih_RopeOp : Girih_InferredOp<"rope"> {
  let summary = "rotary position embedding";
  let description = [{
    Rotates pairs of elements of every head by angles that the token's position selects from the tables. With r = 2R, pair i of
    the first r elements is `(i, i + R)`, or `(2i, 2i + 1)` if `interleaved`; what follows them passes through. Positions outside the
    tables are clamped.

    `result[first] = input[first] * cos[p, i] - input[second] * sin[p, i]`

    `result[second] = input[second] * cos[p, i] + input[first] * sin[p, i]`, where `p = positions[b, s]`

    C1: `input` is `[b, s, h, d]`.
    C2: `positions` is `[b, s]`.
    C3: `cos` and `sin` have one type `[P, R]`.
    C4: `2R <= d`, both static.

    ```mlir
    func.func @f(%x: tensor<1x16x8x64xf32>, %p: tensor<1x16xi32>, %c: tensor<512x32xf32>, %s: tensor<512x32xf32>) {
      %0 = girih.rope %x, %p, %c, %s :
        (tensor<1x16x8x64xf32>, tensor<1x16xi32>, tensor<512x32xf32>, tensor<512x32xf32>) -> tensor<1x16x8x64xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitSequence.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "heads [b, s, h, d]">:$input,
    Arg<Girih_IndexTensor, "rows of the tables [b, s]">:$positions,
    Arg<Girih_FloatTensor, "cosines [P, R]">:$cos,
    Arg<Girih_FloatTensor, "sines [P, R]">:$sin,
    Arg<UnitAttr, "whether pairs are neighbours">:$interleaved);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input `,` $positions `,` $cos `,` $sin attr-dict `:` functional-type(operands, results)";
}

def Girih_PoolOp : Girih_InferredOp<"pool"> {
  let summary = "one vector for each sequence";
  let description = [{
    Reduces each sequence to one vector. Positions whose mask is 0 never count; `cls` takes position 0, `last` the last position whose
    mask is not 0. Without any such position `mean`, `max` and `last` yield 0.

    `result[b, h] = kind over s with mask[b, s] != 0 of input[b, s, h]`

    C1: `input` is `[b, s, H]`.
    C2: `mask` is `[b, s]`.

    ```mlir
    girih.symbol @seq {min = 1 : i64, max = 512 : i64}
    func.func @f(%x: tensor<1x?x384xf32, #girih.dims<"seq">>, %m: tensor<1x?xi32, #girih.dims<"seq">>) {
      %0 = girih.pool mean %x, %m : (tensor<1x?x384xf32, #girih.dims<"seq">>, tensor<1x?xi32, #girih.dims<"seq">>) -> tensor<1x384xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitSequence.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "sequences [b, s, H]">:$input,
    Arg<Girih_IndexTensor, "positions that count [b, s]">:$mask,
    Arg<Girih_PoolKindAttr, "rule of pooling">:$kind);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$kind $input `,` $mask attr-dict `:` functional-type(operands, results)";
}

#endif // GIRIH_GRAPH_SEQUENCE_OPS
