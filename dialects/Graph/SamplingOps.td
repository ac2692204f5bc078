// The choice of the next token by chance.
#ifndef GIRIH_GRAPH_SAMPLING_OPS
#define GIRIH_GRAPH_SAMPLING_OPS

include "dialects/Graph/GraphBase.td"

def Girih_FlagTensor : Girih_TensorOf<"e.isInteger(8)", "i8">;

def Girih_SampleOp : Girih_InferredOp<"sample"> {
  let summary = "the next token of each row, drawn by its logits";
  let description = [{
    Draws one token for each row of logits. The same operands give the same token, whatever else is in the batch. With V tokens, and every step
    rounded to f32:

    1. the logit of a `seen` token is divided by `penalty` where it is not negative, else multiplied by it;
    2. a `temperature` that is not positive ends here with the result of `girih.argmax`; another divides the logits;
    3. `top_k` in `[1, V)` keeps tokens no less than the k-th greatest logit;
    4. `top_p` less than 1 keeps those of them whose probability, together with that of all tokens no likelier, exceeds `1 - top_p`, and the likeliest;
    5. `min_p` keeps those at least `min_p` times as likely as the likeliest;
    6. the result is the first of the greatest `logit - log(-log(u))`, which is a draw by the softmax of what was kept.

    Equal logits are kept or dropped together. NaN counts as greatest. `u = (floor(w / 2^9) + 1/2) / 2^23`, where w is the first word of Philox 4x32-10 with the
    counter `(token, step, 0, 0)` and the key `(seed, 0)`.

    `result[b] = argmax over kept v of (x[b, v] / temperature[b] - log(-log(u[b, v])))`, x being the penalised logits

    C1: `logits` is `[b, V]`.
    C2: `seen` is `[b, V]`.
    C3: the other operands are `[b]`.

    ```mlir
    func.func @f(%x: tensor<2x49152xf32>, %f: tensor<2xf32>, %i: tensor<2xi32>, %s: tensor<2x49152xi8>) {
      %0 = girih.sample %x temperature %f top_k %i top_p %f min_p %f penalty %f seen %s seed %i step %i :
        (tensor<2x49152xf32>, tensor<2xf32>, tensor<2xi32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2x49152xi8>, tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
      return
    }
    ```

    Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011), for the generator.

    Lowering: one program a row, which finds the thresholds of 3 and 4 by bisection over the order of floats, two bits a walk along the row, and skips the walks that the row does not ask for
    (`lib/Tiling/EmitDraw.cpp`).
  }];
  let arguments = (ins
    Arg<Girih_F32Tensor, "logits [b, V]">:$logits,
    Arg<Girih_F32Tensor, "divisor of logits; 0: the greatest [b]">:$temperature,
    Arg<Girih_IndexTensor, "how many of the likeliest may be drawn; 0: all [b]">:$top_k,
    Arg<Girih_F32Tensor, "probability of those that may be drawn; 1: all [b]">:$top_p,
    Arg<Girih_F32Tensor, "least probability as a part of the greatest; 0: all [b]">:$min_p,
    Arg<Girih_F32Tensor, "factor against tokens that occurred; 1: none [b]">:$penalty,
    Arg<Girih_FlagTensor, "1 where the token occurred [b, V]">:$seen,
    Arg<Girih_IndexTensor, "key of the random numbers [b]">:$seed,
    Arg<Girih_IndexTensor, "number of the draw [b]">:$step);
  let results = (outs Girih_IndexTensor:$result);
  let assemblyFormat = [{
    $logits `temperature` $temperature `top_k` $top_k `top_p` $top_p `min_p` $min_p `penalty` $penalty `seen` $seen `seed` $seed `step` $step
      attr-dict `:` functional-type(operands, results)
  }];
}

#endif // GIRIH_GRAPH_SAMPLING_OPS
