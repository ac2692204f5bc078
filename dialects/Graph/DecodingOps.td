// Ops of language models: attention over a cache, the cache's update, the choice of the next token, and the loss.
#ifndef GIRIH_GRAPH_DECODING_OPS
#define GIRIH_GRAPH_DECODING_OPS

include "dialects/Graph/GraphBase.td"

def Girih_PagedAttentionOp : Girih_InferredOp<"paged_attention"> {
  let summary = "attention over a cache of keys and values";
  let description = [{
    Computes what `girih.attention` computes under `causal`, with keys and values in the slots of a cache that sequences share. The
    `table` names the slot of every position of a sequence; a query sees the positions up to its own.

    `score[b, h, s, t] = scale * sum over d of query[b, s, h, d] * keys[table[b, t], h / (H / G), d]`

    `result[b, s, h, e] = sum over t of softmax_t(score)[b, h, s, t] * values[table[b, t], h / (H / G), e]`

    Position t takes part where `t <= positions[b, s]`, with a `window` also `t > positions[b, s] - window`, and `table[b, t]` is a
    slot. With `softcap` c a score becomes `c * tanh(score / c)`. A row that may attend to nothing, such as one at a negative position,
    yields 0. What lies in slots that take no part never shows.

    C1: `query` `[b, s, H, d]` has rank 4, `keys` `[S, G, d]` and `values` `[S, G, e]` rank 3; one element type, static heads and head sizes.
    C2: the sizes that share a letter are equal.
    C3: G divides H.
    C4: `table` is `[b, T]` and `positions` `[b, s]`.
    C5: `compute` is f32, bf16 or f16, and `accumulate` is f32.
    C6: `scale` is finite, `softcap` finite and positive, `window` positive.

    ```mlir
    girih.symbol @slots {min = 1 : i64, max = 4096 : i64}
    girih.symbol @total {min = 1 : i64, max = 512 : i64}
    func.func @f(%q: tensor<1x1x12x32xf32>, %k: tensor<?x4x32xf32, #girih.dims<"slots">>, %t: tensor<1x?xi32, #girih.dims<"total">>, %p: tensor<1x1xi32>) {
      %0 = girih.paged_attention %q, %k, %k table %t positions %p {scale = 0.176776692 : f32} :
        (tensor<1x1x12x32xf32>, tensor<?x4x32xf32, #girih.dims<"slots">>, tensor<?x4x32xf32, #girih.dims<"slots">>,
         tensor<1x?xi32, #girih.dims<"total">>, tensor<1x1xi32>) -> tensor<1x1x12x32xf32>
      return
    }
    ```

    Source: Kwon et al., "Efficient Memory Management for Large Language Model Serving with PagedAttention" (SOSP 2023).

    Lowering: `lib/Tiling/EmitPagedAttention.cpp`; the loop over keys is that of `girih.attention`, in the same blocks, so both give
    the same bits.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "queries [b, s, H, d]">:$query,
    Arg<Girih_FloatTensor, "keys by slot [S, G, d]">:$keys,
    Arg<Girih_FloatTensor, "values by slot [S, G, e]">:$values,
    Arg<Girih_IndexTensor, "the slot of each position [b, T]">:$table,
    Arg<Girih_IndexTensor, "the position of each query [b, s]">:$positions,
    Arg<F32Attr, "factor of scores">:$scale,
    Arg<OptionalAttr<I64Attr>, "positions a query sees, itself included; all if not given">:$window,
    Arg<OptionalAttr<F32Attr>, "bound that scores approach">:$softcap,
    Arg<OptionalAttr<TypeAttr>, "type of the factors">:$compute,
    Arg<OptionalAttr<TypeAttr>, "type of the sums">:$accumulate);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = [{
    $query `,` $keys `,` $values `table` $table `positions` $positions attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = Girih_contractionDeclarations;
}

def Girih_SplitAttentionOp : Girih_InferredOp<"split_attention"> {
  let summary = "attention over a cache, a part of the positions at a time";
  let description = [{
    What `girih.paged_attention` computes for one query of each sequence, before its parts are put together: the positions are dealt out
    to P `parts` in blocks, and each part has the greatest of its scores, the sum of their exponentials and the values so weighted. Parts
    can be computed side by side where a sequence is long and its heads are few; `girih.merge_attention` puts them together.

    Part p takes the positions t with `(t / block) mod P = p` that `girih.paged_attention` lets take part. With its scores,

    `maximum[b, p, h] = max over those t of score[b, 0, h, t]`, negative infinity where there are none

    `sum[b, p, h] = sum over those t of exp(score[b, 0, h, t] - maximum[b, p, h])`

    `weighted[b, p, h, e] = sum over those t of exp(score[b, 0, h, t] - maximum[b, p, h]) * values[table[b, t], h / (H / G), e]`

    Where a part begins depends on nothing but `parts` and `block`, so results do not depend on a sequence's length or its neighbours.

    C1: C1 to C6 of `girih.paged_attention`, and s is 1.
    C2: `parts` and `block` are positive.

    ```mlir
    girih.symbol @slots {min = 1 : i64, max = 4096 : i64}
    girih.symbol @total {min = 1 : i64, max = 512 : i64}
    func.func @f(%q: tensor<1x1x12x32xf32>, %k: tensor<?x4x32xf32, #girih.dims<"slots">>, %t: tensor<1x?xi32, #girih.dims<"total">>, %p: tensor<1x1xi32>) {
      %w, %m, %s = girih.split_attention %q, %k, %k table %t positions %p {scale = 0.176776692 : f32, parts = 8 : i64, block = 128 : i64} :
        (tensor<1x1x12x32xf32>, tensor<?x4x32xf32, #girih.dims<"slots">>, tensor<?x4x32xf32, #girih.dims<"slots">>,
         tensor<1x?xi32, #girih.dims<"total">>, tensor<1x1xi32>) -> (tensor<1x8x12x32xf32>, tensor<1x8x12xf32>, tensor<1x8x12xf32>)
      return
    }
    ```

    Source: Dao et al., "Flash-Decoding for long-context inference" (2023).

    Lowering: `lib/Tiling/EmitPagedAttention.cpp`; one part of the loop over keys that every attention op emits.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "queries [b, 1, H, d]">:$query,
    Arg<Girih_FloatTensor, "keys by slot [S, G, d]">:$keys,
    Arg<Girih_FloatTensor, "values by slot [S, G, e]">:$values,
    Arg<Girih_IndexTensor, "the slot of each position [b, T]">:$table,
    Arg<Girih_IndexTensor, "the position of each query [b, 1]">:$positions,
    Arg<F32Attr, "factor of scores">:$scale,
    Arg<I64Attr, "among how many parts positions are dealt out">:$parts,
    Arg<I64Attr, "positions dealt out at a time">:$block,
    Arg<OptionalAttr<I64Attr>, "positions a query sees, itself included; all if not given">:$window,
    Arg<OptionalAttr<F32Attr>, "bound that scores approach">:$softcap,
    Arg<OptionalAttr<TypeAttr>, "type of the factors">:$compute,
    Arg<OptionalAttr<TypeAttr>, "type of the sums">:$accumulate);
  let results = (outs
    Res<Girih_FloatTensor, "f32 [b, P, H, e]">:$weighted,
    Res<Girih_FloatTensor, "f32 [b, P, H]">:$maximum,
    Res<Girih_FloatTensor, "f32 [b, P, H]">:$sum);
  let assemblyFormat = [{
    $query `,` $keys `,` $values `table` $table `positions` $positions attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = Girih_contractionDeclarations;
}

def Girih_MergeAttentionOp : Girih_InferredOp<"merge_attention"> {
  let summary = "parts of an attention put together";
  let description = [{
    Puts together what `girih.split_attention` computed of P parts. With M the greatest of `maximum[b, .., h]`,

    `result[b, 0, h, e] = (sum over p of exp(maximum[b, p, h] - M) * weighted[b, p, h, e]) / (sum over p of exp(maximum[b, p, h] - M) * sum[b, p, h])`

    Where no part saw a position, that is where all maxima are negative infinity, the result is 0.

    C1: `weighted` is `[b, P, H, e]`, `maximum` and `sum` are `[b, P, H]`, all f32.
    C2: `element`, if it is given, is a float type.

    ```mlir
    func.func @f(%w: tensor<1x8x12x32xf32>, %m: tensor<1x8x12xf32>, %s: tensor<1x8x12xf32>) {
      %0 = girih.merge_attention %w, %m, %s : (tensor<1x8x12x32xf32>, tensor<1x8x12xf32>, tensor<1x8x12xf32>) -> tensor<1x1x12x32xf32>
      return
    }
    ```

    Source: Milakov and Gimelshein, "Online normalizer calculation for softmax" (2018).

    Lowering: `lib/Tiling/EmitPagedAttention.cpp`, the parts in order.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "weighted values [b, P, H, e]">:$weighted,
    Arg<Girih_FloatTensor, "greatest scores [b, P, H]">:$maximum,
    Arg<Girih_FloatTensor, "sums of exponentials [b, P, H]">:$sum,
    Arg<OptionalAttr<TypeAttr>, "element type of the result; f32 if not given">:$element);
  let results = (outs Res<Girih_FloatTensor, "[b, 1, H, e]">:$result);
  let assemblyFormat = "$weighted `,` $maximum `,` $sum attr-dict `:` functional-type(operands, results)";
}

def Girih_CacheWriteOp : Girih_InferredOp<"cache_write"> {
  let summary = "a cache with some of its slots replaced";
  let description = [{
    Yields the next version of a cache. A slot outside `[0, S)` drops its row: padding names -1. The slots that are named are distinct.

    `result[slots[b, s], ..] = rows[b, s, ..]`, and `result[x, ..] = cache[x, ..]` for every other slot x

    The op is pure. Where `cache` is an entry's state (`girih.state`), the memory plan gives both versions the same memory and only the
    named slots are written.

    C1: `cache` is `[S, ..]`, `rows` `[b, s, ..]` with the same sizes behind, and `slots` `[b, s]`.
    C2: `cache` and `rows` have one element type.

    ```mlir
    girih.symbol @slots {min = 1 : i64, max = 4096 : i64}
    func.func @f(%c: tensor<?x4x32xf32, #girih.dims<"slots">>, %k: tensor<1x16x4x32xf32>, %s: tensor<1x16xi32>) {
      %0 = girih.cache_write %c, %k at %s :
        (tensor<?x4x32xf32, #girih.dims<"slots">>, tensor<1x16x4x32xf32>, tensor<1x16xi32>) -> tensor<?x4x32xf32, #girih.dims<"slots">>
      return
    }
    ```

    Lowering: `tile.scatter`, from `lib/Tiling/EmitPrograms.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "the cache [S, ..]">:$cache,
    Arg<Girih_FloatTensor, "what to write [b, s, ..]">:$rows,
    Arg<Girih_IndexTensor, "where to write it [b, s]">:$slots);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$cache `,` $rows `at` $slots attr-dict `:` functional-type(operands, results)";
}

def Girih_ArgmaxOp : Girih_InferredOp<"argmax"> {
  let summary = "the place of each row's greatest element";
  let description = [{
    Yields the index of the greatest element along the last dimension, the first of several equal ones. NaN counts as greatest.

    `result[..] = min { n : input[.., n] = max over m of input[.., m] }`

    C1: `input` has rank 1 or more.

    ```mlir
    func.func @f(%x: tensor<2x49152xf32>) {
      %0 = girih.argmax %x : (tensor<2x49152xf32>) -> tensor<2xi32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitSampling.cpp`, to `tile.reduce`.
  }];
  let arguments = (ins Arg<Girih_FloatTensor, "rows [.., N]">:$input);
  let results = (outs Girih_IndexTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Girih_CrossEntropyOp : Girih_InferredOp<"cross_entropy"> {
  let summary = "how unlikely the labels are";
  let description = [{
    Yields, for each row of logits, the negative log-likelihood of its label in nats. A negative label yields 0; one past the vocabulary is
    clamped.

    `result[..] = log(sum over v of exp(logits[.., v])) - logits[.., labels[..]]`

    C1: `logits` is `[.., V]`, and `labels` has its sizes but the last.

    ```mlir
    func.func @f(%x: tensor<2x16x49152xf32>, %l: tensor<2x16xi32>) {
      %0 = girih.cross_entropy %x, %l : (tensor<2x16x49152xf32>, tensor<2x16xi32>) -> tensor<2x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitSampling.cpp`, two walks over the row.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "logits [.., V]">:$logits,
    Arg<Girih_IndexTensor, "the tokens that followed [..]">:$labels);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$logits `,` $labels attr-dict `:` functional-type(operands, results)";
}

#endif // GIRIH_GRAPH_DECODING_OPS
