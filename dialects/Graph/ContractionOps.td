// Ops that multiply and sum: linear layers and attention. A pull never enters a second one of these.
#ifndef GIRIH_GRAPH_CONTRACTION_OPS
#define GIRIH_GRAPH_CONTRACTION_OPS

include "dialects/Graph/GraphBase.td"

def Girih_LinearOp : Girih_InferredOp<"linear"> {
  let summary = "multiplies rows by a weight matrix and adds a bias";
  let arguments = (ins Girih_FloatTensor:$input, Girih_FloatTensor:$weight, Optional<Girih_FloatTensor>:$bias,
                       OptionalAttr<TypeAttr>:$compute, OptionalAttr<TypeAttr>:$accumulate);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input `,` $weight (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = Girih_contractionDeclarations;
}

def Girih_AttentionOp : Girih_InferredOp<"attention", [AttrSizedOperandSegments]> {
  let summary = "scaled dot-product attention over heads";
  let arguments = (ins Girih_FloatTensor:$query, Girih_FloatTensor:$key, Girih_FloatTensor:$value,
                       Optional<Girih_IndexTensor>:$mask, Optional<Girih_FloatTensor>:$bias, F32Attr:$scale,
                       UnitAttr:$causal, UnitAttr:$return_lse,
                       OptionalAttr<TypeAttr>:$compute, OptionalAttr<TypeAttr>:$accumulate);
  let results = (outs Girih_FloatTensor:$result, Optional<Girih_FloatTensor>:$lse);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^)? (`bias` $bias^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = Girih_contractionDeclarations;
}

#endif // GIRIH_GRAPH_CONTRACTION_OPS
