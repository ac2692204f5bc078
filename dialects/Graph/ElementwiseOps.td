// Ops that compute each element from the elements at its place.
#ifndef GIRIH_GRAPH_ELEMENTWISE_OPS
#define GIRIH_GRAPH_ELEMENTWISE_OPS

include "dialects/Graph/GraphBase.td"

class Girih_UnaryOp<string mnemonic, Type type = Girih_FloatTensor, dag attributes = (ins)> : Girih_InferredOp<mnemonic> {
  let arguments = !con((ins Arg<type, "elements">:$input), attributes);
  let results = (outs type:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Girih_ReluOp : Girih_UnaryOp<"relu", Girih_NumberTensor> {
  let summary = "negative elements become 0";
  let description = [{
    Keeps what is positive.

    `result = max(input, 0)`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.relu %x : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
}
def Girih_SiluOp : Girih_UnaryOp<"silu"> {
  let summary = "x times its sigmoid";
  let description = [{
    Computes the sigmoid linear unit, also called swish.

    `result = input / (1 + exp(-input))`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.silu %x : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
}
def Girih_TanhOp : Girih_UnaryOp<"tanh"> {
  let summary = "hyperbolic tangent";
  let description = [{
    Computes the hyperbolic tangent.

    `result = tanh(input)`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.tanh %x : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
}
def Girih_SigmoidOp : Girih_UnaryOp<"sigmoid"> {
  let summary = "logistic function";
  let description = [{
    Computes the logistic function.

    `result = 1 / (1 + exp(-input))`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.sigmoid %x : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
}
def Girih_ExpOp : Girih_UnaryOp<"exp"> {
  let summary = "exponential";
  let description = [{
    Computes the exponential.

    `result = e^input`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.exp %x : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
}
def Girih_SqrtOp : Girih_UnaryOp<"sqrt"> {
  let summary = "square root";
  let description = [{
    Computes the square root; of a negative number it is NaN.

    `result = sqrt(input)`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.sqrt %x : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
}
def Girih_RsqrtOp : Girih_UnaryOp<"rsqrt"> {
  let summary = "reciprocal of the square root";
  let description = [{
    Computes the reciprocal of the square root.

    `result = 1 / sqrt(input)`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.rsqrt %x : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
}
def Girih_NegOp : Girih_UnaryOp<"neg", Girih_NumberTensor> {
  let summary = "negation";
  let description = [{
    Negates; the least integer stays what it is.

    `result = -input`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.neg %x : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
  let hasFolder = 1;
}
def Girih_ReciprocalOp : Girih_UnaryOp<"reciprocal"> {
  let summary = "reciprocal";
  let description = [{
    Computes the reciprocal.

    `result = 1 / input`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.reciprocal %x : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
}
def Girih_ErfOp : Girih_UnaryOp<"erf"> {
  let summary = "error function";
  let description = [{
    Computes the Gauss error function.

    `result = erf(input)`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.erf %x : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
}

def Girih_GeluOp : Girih_UnaryOp<"gelu", Girih_FloatTensor,
    (ins Arg<DefaultValuedAttr<Girih_ApproximationAttr, "::girih::graph::Approximation::None">, "formula">:$approximate)> {
  let summary = "Gaussian error linear unit";
  let description = [{
    Multiplies each element by the probability that a standard normal variable lies below it; `approximate tanh` replaces the
    probability by a formula that some models were trained with.

    `result = input * (1 + erf(input / sqrt(2))) / 2`

    `result = input * (1 + tanh(sqrt(2 / pi) * (input + 0.044715 * input^3))) / 2` if `approximate tanh`

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.gelu %x approximate tanh : (tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
  let assemblyFormat = "$input (`approximate` $approximate^)? attr-dict `:` functional-type(operands, results)";
}

def Girih_GateOp : Girih_InferredOp<"gate"> {
  let summary = "an activated tensor times another";
  let description = [{
    Computes the gated unit of SwiGLU and its kin. The activations are those of the ops of the same names; `gelu_tanh` is `gelu` with
    `approximate tanh`.

    `result = activation(gate) * up`

    C1: `gate` and `up` have one type.

    ```mlir
    func.func @f(%g: tensor<4x16xf32>, %u: tensor<4x16xf32>) {
      %0 = girih.gate silu %g, %u : (tensor<4x16xf32>, tensor<4x16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "what is activated">:$gate,
    Arg<Girih_FloatTensor, "what is multiplied">:$up,
    Arg<Girih_ActivationAttr, "the function">:$activation);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$activation $gate `,` $up attr-dict `:` functional-type(operands, results)";
}

class Girih_BinaryOp<string mnemonic, list<Trait> traits = []> : Girih_InferredOp<mnemonic, traits> {
  let arguments = (ins Arg<Girih_NumberTensor, "left operand">:$lhs, Arg<Girih_NumberTensor, "right operand">:$rhs);
  let results = (outs Girih_NumberTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Girih_AddOp : Girih_BinaryOp<"add", [Commutative]> {
  let summary = "sum";
  let description = [{
    Adds; integers wrap. Shapes broadcast as in NumPy: trailing dimensions are aligned, and a size of 1 repeats.

    `result = lhs + rhs`

    C1: the operands have one element type.
    C2: aligned sizes are equal, or one of them is 1.

    ```mlir
    func.func @f(%x: tensor<4x16xf32>, %y: tensor<16xf32>) {
      %0 = girih.add %x, %y : (tensor<4x16xf32>, tensor<16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`, to `arith`.
  }];
  let hasFolder = 1;
}
def Girih_SubOp : Girih_BinaryOp<"sub"> {
  let summary = "difference";
  let description = [{
    Subtracts; integers wrap. Shapes broadcast as in NumPy: trailing dimensions are aligned, and a size of 1 repeats.

    `result = lhs - rhs`

    C1: the operands have one element type.
    C2: aligned sizes are equal, or one of them is 1.

    ```mlir
    func.func @f(%x: tensor<4x16xf32>, %y: tensor<16xf32>) {
      %0 = girih.sub %x, %y : (tensor<4x16xf32>, tensor<16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`, to `arith`.
  }];
  let hasFolder = 1;
}
def Girih_MulOp : Girih_BinaryOp<"mul", [Commutative]> {
  let summary = "product";
  let description = [{
    Multiplies; integers wrap. Shapes broadcast as in NumPy: trailing dimensions are aligned, and a size of 1 repeats.

    `result = lhs * rhs`

    C1: the operands have one element type.
    C2: aligned sizes are equal, or one of them is 1.

    ```mlir
    func.func @f(%x: tensor<4x16xf32>, %y: tensor<16xf32>) {
      %0 = girih.mul %x, %y : (tensor<4x16xf32>, tensor<16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`, to `arith`.
  }];
  let hasFolder = 1;
}
def Girih_DivOp : Girih_BinaryOp<"div"> {
  let summary = "quotient";
  let description = [{
    Divides; integers truncate toward zero, and a division by 0 gives 0. Shapes broadcast as in NumPy: trailing dimensions are aligned, and a size of 1 repeats.

    `result = lhs / rhs`

    C1: the operands have one element type.
    C2: aligned sizes are equal, or one of them is 1.

    ```mlir
    func.func @f(%x: tensor<4x16xf32>, %y: tensor<16xf32>) {
      %0 = girih.div %x, %y : (tensor<4x16xf32>, tensor<16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`, to `arith`.
  }];
  let hasFolder = 1;
}
def Girih_MaximumOp : Girih_BinaryOp<"maximum", [Commutative]> {
  let summary = "the greater of two";
  let description = [{
    Takes the greater; NaN wins. Shapes broadcast as in NumPy: trailing dimensions are aligned, and a size of 1 repeats.

    `result = max(lhs, rhs)`

    C1: the operands have one element type.
    C2: aligned sizes are equal, or one of them is 1.

    ```mlir
    func.func @f(%x: tensor<4x16xf32>, %y: tensor<16xf32>) {
      %0 = girih.maximum %x, %y : (tensor<4x16xf32>, tensor<16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`, to `arith`.
  }];
  let hasFolder = 1;
}
def Girih_MinimumOp : Girih_BinaryOp<"minimum", [Commutative]> {
  let summary = "the lesser of two";
  let description = [{
    Takes the lesser; NaN wins. Shapes broadcast as in NumPy: trailing dimensions are aligned, and a size of 1 repeats.

    `result = min(lhs, rhs)`

    C1: the operands have one element type.
    C2: aligned sizes are equal, or one of them is 1.

    ```mlir
    func.func @f(%x: tensor<4x16xf32>, %y: tensor<16xf32>) {
      %0 = girih.minimum %x, %y : (tensor<4x16xf32>, tensor<16xf32>) -> tensor<4x16xf32>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`, to `arith`.
  }];
  let hasFolder = 1;
}

def Girih_CastOp : Girih_TensorOp<"cast"> {
  let summary = "elements in another type";
  let description = [{
    Converts every element to the result's element type. Between floats it rounds to nearest even; from floats to integers it
    truncates toward zero and saturates, and NaN becomes 0; to `i1` it asks whether the element differs from 0.

    C1: the result has the input's shape and no encoding but `#girih.dims`.

    ```mlir
    func.func @f(%x: tensor<4x16xf32>) {
      %0 = girih.cast %x : (tensor<4x16xf32>) -> tensor<4x16xbf16>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`, to `arith` conversions.
  }];
  let arguments = (ins
    Arg<Girih_Tensor, "elements to convert">:$input);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::mlir::Type":$elementType)>];
}

def Girih_QuantizeOp : Girih_InferredOp<"quantize"> {
  let summary = "floats as small integers, in units around a center";
  let description = [{
    Expresses every element as an 8-bit integer: how many units of `scale` it lies from `center`. Both are one number for the whole tensor;
    `girih.quantize_rows` has its own for each row.

    `result = clamp(round((input - center) / scale), -128, 127)`, halves to even; NaN becomes 0

    C1: `scale` and `center` are `[1]`.

    ```mlir
    func.func @f(%x: tensor<4x16xbf16>, %s: tensor<1xf32>, %c: tensor<1xf32>) {
      %0 = girih.quantize %x, %s, %c : (tensor<4x16xbf16>, tensor<1xf32>, tensor<1xf32>) -> tensor<4x16xi8>
      return
    }
    ```

    Source: R. Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference: A whitepaper", 2018.
    Lowering: `lib/Tiling/EmitQuantization.cpp`, to `tile.quantize`.
  }];
  let arguments = (ins
    Arg<Girih_FloatTensor, "elements">:$input,
    Arg<Girih_F32Tensor, "size of one unit, positive [1]">:$scale,
    Arg<Girih_F32Tensor, "what 0 stands for [1]">:$center);
  let results = (outs Girih_I8Tensor:$result);
  let assemblyFormat = "$input `,` $scale `,` $center attr-dict `:` functional-type(operands, results)";
}

def Girih_DequantizeOp : Girih_InferredOp<"dequantize"> {
  let summary = "what sums of products of small integers are worth";
  let description = [{
    Turns the sums of a linear layer on integers into floats. With rows as `girih.quantize_rows` or `girih.quantize` made them and weights as
    `#girih.quantized` has them, it is what the layer yields:

    `result[.., n] = (sums[.., n] * scale[..] + center[..] * weight_sums[n]) * weight_scales[n] + bias[n]`

    The arithmetic is f32; the result is rounded to `element`.

    C1: `sums` has rank 1 or more; its last size is N.
    C2: `scale` and `center` are `[1]`, or one number for each row: the sums' shape with a last size of 1.
    C3: `weight_scales`, `weight_sums` and `bias`, if there is one, are `[N]`.
    C4: `element` is a float type.

    ```mlir
    func.func @f(%y: tensor<4x16xi32>, %s: tensor<4x1xf32>, %w: tensor<16xf32>) {
      %0 = girih.dequantize %y, %s, %s, %w, %w {element = bf16} :
        (tensor<4x16xi32>, tensor<4x1xf32>, tensor<4x1xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<4x16xbf16>
      return
    }
    ```

    Lowering: `lib/Tiling/EmitQuantization.cpp`.
  }];
  let arguments = (ins
    Arg<Girih_IndexTensor, "sums of products [.., N]">:$sums,
    Arg<Girih_F32Tensor, "units of the rows">:$scale,
    Arg<Girih_F32Tensor, "centers of the rows">:$center,
    Arg<Girih_F32Tensor, "units of the channels [N]">:$weight_scales,
    Arg<Girih_F32Tensor, "sums of the channels' integers [N]">:$weight_sums,
    Arg<Optional<Girih_FloatTensor>, "bias [N]">:$bias,
    Arg<TypeAttr, "element type of the result">:$element);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = [{
    $sums `,` $scale `,` $center `,` $weight_scales `,` $weight_sums (`bias` $bias^)? attr-dict `:` functional-type(operands, results)
  }];
}

def Girih_ConstantOp : Girih_InferredOp<"constant", [ConstantLike]> {
  let summary = "a small tensor known when the model is compiled";
  let description = [{
    Yields `value`. Weights are `girih.parameter`s; a constant is for scalars, splats and small tables.

    C1: `value` has a static shape and no encoding.

    ```mlir
    func.func @f() -> tensor<1xf32> {
      %0 = girih.constant dense<0.5> : tensor<1xf32>
      return %0 : tensor<1xf32>
    }
    ```

    Lowering: `lib/Tiling/EmitElementwise.cpp`, to `arith.constant`.
  }];
  let arguments = (ins
    Arg<ElementsAttr, "the elements">:$value);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

#endif // GIRIH_GRAPH_ELEMENTWISE_OPS
