// Ops that know what a token sequence is: embeddings, positions, rotary embeddings, pooling.
#ifndef GIRIH_GRAPH_SEQUENCE_OPS
#define GIRIH_GRAPH_SEQUENCE_OPS

include "dialects/Graph/GraphBase.td"

def Girih_EmbeddingOp : Girih_InferredOp<"embedding"> {
  let summary = "rows of a table, by token";
  let arguments = (ins Girih_FloatTensor:$table, Girih_IndexTensor:$ids);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$table `,` $ids attr-dict `:` functional-type(operands, results)";
}

def Girih_PositionsOp : Girih_InferredOp<"positions"> {
  let summary = "each token's position";
  let arguments = (ins Girih_IndexTensor:$ids, Girih_PositionsKindAttr:$kind, OptionalAttr<I64Attr>:$padding_index);
  let results = (outs Girih_IndexTensor:$result);
  let assemblyFormat = "$kind $ids attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Girih_RopeOp : Girih_InferredOp<"rope"> {
  let summary = "rotary position embedding";
  let arguments = (ins Girih_FloatTensor:$input, Girih_IndexTensor:$positions, Girih_FloatTensor:$cos, Girih_FloatTensor:$sin,
                       UnitAttr:$interleaved);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$input `,` $positions `,` $cos `,` $sin attr-dict `:` functional-type(operands, results)";
}

def Girih_PoolOp : Girih_InferredOp<"pool"> {
  let summary = "one vector for each sequence";
  let arguments = (ins Girih_FloatTensor:$input, Girih_IndexTensor:$mask, Girih_PoolKindAttr:$kind);
  let results = (outs Girih_FloatTensor:$result);
  let assemblyFormat = "$kind $input `,` $mask attr-dict `:` functional-type(operands, results)";
}

#endif // GIRIH_GRAPH_SEQUENCE_OPS
