// Ops that multiply and sum: linear layers and attention. A pull never enters a second one of these.
#ifndef GIRIH_GRAPH_CONTRACTION_OPS
#define GIRIH_GRAPH_CONTRACTION_OPS

include "dialects/Graph/GraphBase.td"

def Girih_LinearOp : Girih_InferredOp<"linear"> {
  let summary = "rows times a weight matrix, plus a bias";
  let description = [{
    Computes a fully connected layer; the weight is stored as PyTorch stores it, one row for each output.

    `result[.., n] = sum over k of input[.., k] * weight[n, k] + bias[n]`

    Operands are rounded to `compute` before they are multiplied (default: the input's element type); sums are kept in `accumulate`
    (default f32), in the order that the module's contract fixes; the result has the input's element type. Of 8-bit integers, as
    `girih.quantize` makes them, the result is the exact sum in i32: what it is worth, and the bias, are the reader's.

    C1: `input` has rank 1 or more; its last size is K.
    C2: `weight` is `[N, K]`.
    C3: `bias`, if there is one, is `[N]`.
    C4: `compute` is f32, bf16 or f16, and `accumulate` is f32.
    C5: `input` and `weight` are both i8 or neither; with i8 there is no `bias`, `compute` or `accumulate`.

    ```mlir
    girih.symbol @batch {min = 1 : i64, max = 32 : i64}
    func.func @f(%x: tensor<?x384xf32, #girih.dims<"batch">>, %w: tensor<1536x384xf32>, %b: tensor<1536xf32>) {
      %0 = girih.linear %x, %w, %b {compute = bf16} :
        (tensor<?x384xf32, #girih.dims<"batch">>, tensor<1536x384xf32>, tensor<1536xf32>) -> tensor<?x1536xf32, #girih.dims<"batch">>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitContraction.cpp`, to `tile.dot`.
  }];
  let arguments = (ins
    Arg<Girih_FactorTensor, "rows [.., K]">:$input,
    Arg<Girih_FactorTensor, "weights [N, K]">:$weight,
    Arg<Optional<Girih_FloatTensor>, "bias [N]">:$bias,
    Arg<OptionalAttr<TypeAttr>, "type of the factors">:$compute,
    Arg<OptionalAttr<TypeAttr>, "type of the sums">:$accumulate);
  let results = (outs Girih_SumTensor:$result);
  let assemblyFormat = "$input `,` $weight (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = Girih_contractionDeclarations;
}

def Girih_AttentionOp : Girih_InferredOp<"attention", [AttrSizedOperandSegments]> {
  let summary = "scaled dot-product attention over heads";
  let description = [{
    Computes, for every query row and head, the mean of the value rows weighted by the softmax of its scores.

    `score[b, h, s, t] = scale * sum over d of query[b, s, h, d] * key[b, t, h / (H / G), d] + bias[b, h, s, t]`

    `result[b, s, h, e] = sum over t of softmax_t(score)[b, h, s, t] * value[b, t, h / (H / G), e]`

    A key takes part where `mask[b, t]` is not 0 and, if `causal`, where it is not later than the row; the last row sees all T keys, so
    row s sees those with `t <= s + T - S`; with a `window` also `t > s + T - S - window`. With `softcap` c a score becomes
    `c * tanh(score / c)`, before mask and bias. A row that may attend to nothing yields 0, and its log-sum-exp is minus infinity. With `return_lse` the second result is the `[b, h, s]` log-sum-exp of the scores, in natural units.
    Fewer key heads than query heads (G < H) is grouped-query attention.

    C1: `query` `[b, s, H, d]`, `key` `[b, t, G, d]` and `value` `[b, t, G, e]` have rank 4, one element type, static heads and head sizes.
    C2: the sizes that share a letter are equal.
    C3: G divides H.
    C4: `mask`, if there is one, is `[b, t]`.
    C5: `bias`, if there is one, is `[b or 1, H or 1, s, t]`.
    C6: `compute` is f32, bf16 or f16, and `accumulate` is f32.
    C7: `scale` is finite, `softcap` finite and positive, `window` positive.
    C8: a `window` needs `causal`.

    ```mlir
    girih.symbol @seq {min = 1 : i64, max = 512 : i64}
    func.func @f(%q: tensor<1x?x12x32xf32, #girih.dims<"seq">>, %m: tensor<1x?xi32, #girih.dims<"seq">>) {
      %0 = girih.attention %q, %q, %q mask %m {scale = 0.176776692 : f32} :
        (tensor<1x?x12x32xf32, #girih.dims<"seq">>, tensor<1x?x12x32xf32, #girih.dims<"seq">>, tensor<1x?x12x32xf32, #girih.dims<"seq">>,
         tensor<1x?xi32, #girih.dims<"seq">>) -> tensor<1x?x12x32xf32, #girih.dims<"seq">>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitAttention.cpp`; the loop over keys carries maximum, sum and accumulator.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "queries [b, s, H, d]">:$query,
    Arg<Girih_FloatTensor, "keys [b, t, G, d]">:$key,
    Arg<Girih_FloatTensor, "values [b, t, G, e]">:$value,
    Arg<Optional<Girih_IndexTensor>, "keys that take part [b, t]">:$mask,
    Arg<Optional<Girih_FloatTensor>, "added to scores [b or 1, H or 1, s, t]">:$bias,
    Arg<F32Attr, "factor of scores">:$scale,
    Arg<UnitAttr, "whether rows see no later keys">:$causal,
    Arg<UnitAttr, "whether to return the log-sum-exp">:$return_lse,
    Arg<OptionalAttr<I64Attr>, "keys that a row sees, its own place included; all if not given">:$window,
    Arg<OptionalAttr<F32Attr>, "bound that scores approach">:$softcap,
    Arg<OptionalAttr<TypeAttr>, "type of the factors">:$compute,
    Arg<OptionalAttr<TypeAttr>, "type of the sums">:$accumulate);
  let results = (outs Girih_FloatTensor:$result, Optional<Girih_FloatTensor>:$lse);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^)? (`bias` $bias^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = Girih_contractionDeclarations;
}

#endif // GIRIH_GRAPH_CONTRACTION_OPS
