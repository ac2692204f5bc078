// Ops that scale rows by their own statistics.
#ifndef GIRIH_GRAPH_NORMALIZATION_OPS
#define GIRIH_GRAPH_NORMALIZATION_OPS

include "dialects/Graph/GraphBase.td"

def Girih_RMSNormOp : Girih_InferredOp<"rms_norm"> {
  let summary = "rows divided by their root mean square";
  let description = [{
    Scales every row of the last dimension to root mean square 1, then by a weight.

    `result[.., h] = input[.., h] / sqrt(mean over i of input[.., i]^2 + epsilon) * weight[h]`

    With `unit_offset` the factor is `1 + weight[h]`, not rounded to the weight's type: weights that are kept by their distance from 1.

    C1: `input` has rank 1 or more; its last size is H.
    C2: `weight` is `[H]`.
    C3: `epsilon` is finite and not negative.

    ```mlir
    func.func @f(%x: tensor<4x384xf32>, %w: tensor<384xf32>) {
      %0 = girih.rms_norm %x, %w {epsilon = 1.0e-6 : f32} : (tensor<4x384xf32>, tensor<384xf32>) -> tensor<4x384xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitNormalization.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "rows [.., H]">:$input,
    Arg<Girih_FloatTensor, "scale [H]">:$weight,
    Arg<F32Attr, "added to the mean square">:$epsilon,
    Arg<UnitAttr, "whether 1 is added to the weight">:$unit_offset);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input `,` $weight attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Girih_LayerNormOp : Girih_InferredOp<"layer_norm"> {
  let summary = "rows shifted and scaled to mean 0 and variance 1";
  let description = [{
    Standardizes every row of the last dimension, then scales and shifts it. The variance is the population's, divided by H.

    `result[.., h] = (input[.., h] - mean) / sqrt(variance + epsilon) * weight[h] + bias[h]`

    C1: `input` has rank 1 or more; its last size is H.
    C2: `weight` and `bias`, if there is one, are `[H]`.
    C3: `epsilon` is finite and not negative.

    ```mlir
    func.func @f(%x: tensor<4x384xf32>, %w: tensor<384xf32>, %b: tensor<384xf32>) {
      %0 = girih.layer_norm %x, %w, %b {epsilon = 1.0e-12 : f32} :
        (tensor<4x384xf32>, tensor<384xf32>, tensor<384xf32>) -> tensor<4x384xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitNormalization.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "rows [.., H]">:$input,
    Arg<Girih_FloatTensor, "scale [H]">:$weight,
    Arg<Optional<Girih_FloatTensor>, "shift [H]">:$bias,
    Arg<F32Attr, "added to the variance">:$epsilon);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input `,` $weight (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Girih_L2NormalizeOp : Girih_InferredOp<"l2_normalize"> {
  let summary = "rows scaled to unit length";
  let description = [{
    Divides every row of the last dimension by its Euclidean length, which counts as at least `epsilon`.

    `result[.., h] = input[.., h] / max(sqrt(sum over i of input[.., i]^2), epsilon)`

    C1: `input` has rank 1 or more.
    C2: `epsilon` is finite and not negative.

    ```mlir
    func.func @f(%x: tensor<4x384xf32>) {
      %0 = girih.l2_normalize %x {epsilon = 1.0e-12 : f32} : (tensor<4x384xf32>) -> tensor<4x384xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitNormalization.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "rows [.., H]">:$input,
    Arg<F32Attr, "least length">:$epsilon);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Girih_SoftmaxOp : Girih_InferredOp<"softmax"> {
  let summary = "exponentials along an axis, scaled to sum 1";
  let description = [{
    Computes the softmax along `axis`, with the maximum subtracted first so that nothing overflows.

    `result[.., i, ..] = exp(input[.., i, ..] - max) / sum over j of exp(input[.., j, ..] - max)`

    C1: `axis` is one of the input's.

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.softmax %x {axis = 1 : i64} : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitNormalization.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "scores">:$input,
    Arg<I64Attr, "axis that sums to 1">:$axis);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Girih_QuantizeRowsOp : Girih_InferredOp<"quantize_rows"> {
  let summary = "rows as small integers, each in units of its own";
  let description = [{
    Expresses every row of the last dimension as 8-bit integers that span what the row spans.

    `center[.., 0] = (max over h of input[.., h] + min over h of input[.., h]) / 2`

    `scale[.., 0] = max(max over h of |input[.., h] - center|, 2^-100) / 127`

    `result[.., h] = clamp(round((input[.., h] - center) / scale), -128, 127)`, halves to even

    C1: `input` has rank 1 or more.

    ```mlir
    func.func @f(%x: tensor<4x384xbf16>) {
      %q, %s, %c = girih.quantize_rows %x : (tensor<4x384xbf16>) -> (tensor<4x384xi8>, tensor<4x1xf32>, tensor<4x1xf32>)
      return
    }
    ```

    Source: Z. Yao et al., "ZeroQuant", NeurIPS 2022 (token-wise quantization of activations).
    Lowering: `lib/Tiling/EmitQuantization.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "rows [.., H]">:$input);
  let results = (outs Girih_I8Tensor:$result, Girih_F32Tensor:$scale, Girih_F32Tensor:$center);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

#endif // GIRIH_GRAPH_NORMALIZATION_OPS
