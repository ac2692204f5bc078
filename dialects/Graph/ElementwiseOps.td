// Ops that compute each element from the elements at its place.
#ifndef GIRIH_GRAPH_ELEMENTWISE_OPS
#define GIRIH_GRAPH_ELEMENTWISE_OPS

include "dialects/Graph/GraphBase.td"

class Girih_UnaryOp<string mnemonic, Type type = Girih_FloatTensor, dag attributes = (ins)> : Girih_InferredOp<mnemonic> {
  let arguments = !con((ins type:$input), attributes);
  let results = (outs type:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Girih_ReluOp : Girih_UnaryOp<"relu", Girih_NumberTensor> { let summary = "negative elements become 0"; }
def Girih_SiluOp : Girih_UnaryOp<"silu"> { let summary = "x times its sigmoid"; }
def Girih_TanhOp : Girih_UnaryOp<"tanh"> { let summary = "hyperbolic tangent"; }
def Girih_SigmoidOp : Girih_UnaryOp<"sigmoid"> { let summary = "logistic function"; }
def Girih_ExpOp : Girih_UnaryOp<"exp"> { let summary = "exponential"; }
def Girih_SqrtOp : Girih_UnaryOp<"sqrt"> { let summary = "square root"; }
def Girih_RsqrtOp : Girih_UnaryOp<"rsqrt"> { let summary = "reciprocal of the square root"; }
def Girih_NegOp : Girih_UnaryOp<"neg", Girih_NumberTensor> { let summary = "negation"; let hasFolder = 1; }
def Girih_ReciprocalOp : Girih_UnaryOp<"reciprocal"> { let summary = "1 / x"; }
def Girih_ErfOp : Girih_UnaryOp<"erf"> { let summary = "error function"; }

def Girih_GeluOp : Girih_UnaryOp<"gelu", Girih_FloatTensor,
    (ins DefaultValuedAttr<Girih_ApproximationAttr, "::girih::graph::Approximation::None">:$approximate)> {
  let summary = "Gaussian error linear unit";
  let assemblyFormat = "$input (`approximate` $approximate^)? attr-dict `:` functional-type(operands, results)";
}

def Girih_GateOp : Girih_InferredOp<"gate"> {
  let summary = "an activated tensor times another";
  let arguments = (ins Girih_FloatTensor:$gate, Girih_FloatTensor:$up, Girih_ActivationAttr:$activation);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$activation $gate `,` $up attr-dict `:` functional-type(operands, results)";
}

class Girih_BinaryOp<string mnemonic, list<Trait> traits = []> : Girih_InferredOp<mnemonic, traits> {
  let arguments = (ins Girih_NumberTensor:$lhs, Girih_NumberTensor:$rhs);
  let results = (outs Girih_NumberTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Girih_AddOp : Girih_BinaryOp<"add", [Commutative]> { let summary = "sum"; let hasFolder = 1; }
def Girih_SubOp : Girih_BinaryOp<"sub"> { let summary = "difference"; let hasFolder = 1; }
def Girih_MulOp : Girih_BinaryOp<"mul", [Commutative]> { let summary = "product"; let hasFolder = 1; }
def Girih_DivOp : Girih_BinaryOp<"div"> { let summary = "quotient"; let hasFolder = 1; }
def Girih_MaximumOp : Girih_BinaryOp<"maximum", [Commutative]> { let summary = "the greater of two"; let hasFolder = 1; }
def Girih_MinimumOp : Girih_BinaryOp<"minimum", [Commutative]> { let summary = "the lesser of two"; let hasFolder = 1; }

def Girih_CastOp : Girih_TensorOp<"cast"> {
  let summary = "converts elements to another type";
  let arguments = (ins Girih_Tensor:$input);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::mlir::Type":$elementType)>];
}

def Girih_ConstantOp : Girih_InferredOp<"constant", [ConstantLike]> {
  let summary = "a small tensor known when the model is compiled";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

#endif // GIRIH_GRAPH_ELEMENTWISE_OPS
