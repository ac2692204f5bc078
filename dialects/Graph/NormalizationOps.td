// Ops that scale rows by their own statistics.
#ifndef GIRIH_GRAPH_NORMALIZATION_OPS
#define GIRIH_GRAPH_NORMALIZATION_OPS

include "dialects/Graph/GraphBase.td"

def Girih_RMSNormOp : Girih_InferredOp<"rms_norm"> {
  let summary = "divides rows by their root mean square";
  let arguments = (ins Girih_FloatTensor:$input, Girih_FloatTensor:$weight, F32Attr:$epsilon);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input `,` $weight attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Girih_LayerNormOp : Girih_InferredOp<"layer_norm"> {
  let summary = "shifts and scales rows to mean 0 and variance 1";
  let arguments = (ins Girih_FloatTensor:$input, Girih_FloatTensor:$weight, Optional<Girih_FloatTensor>:$bias, F32Attr:$epsilon);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input `,` $weight (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Girih_L2NormalizeOp : Girih_InferredOp<"l2_normalize"> {
  let summary = "scales rows to unit length";
  let arguments = (ins Girih_FloatTensor:$input, F32Attr:$epsilon);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Girih_SoftmaxOp : Girih_InferredOp<"softmax"> {
  let summary = "exponentials along an axis, scaled to sum 1";
  let arguments = (ins Girih_FloatTensor:$input, I64Attr:$axis);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

#endif // GIRIH_GRAPH_NORMALIZATION_OPS
