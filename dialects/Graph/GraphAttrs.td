// Attributes of the graph: size expressions, sources of weights, encodings, and the choices ops offer.
#ifndef GIRIH_GRAPH_ATTRS
#define GIRIH_GRAPH_ATTRS

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/TensorEncoding.td"
include "dialects/Graph/GraphDialect.td"
include "dialects/Graph/GraphInterfaces.td"

class Girih_Attr<string name, string attrMnemonic, list<Trait> traits = []> : AttrDef<Girih_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Girih_DimsAttr : Girih_Attr<"Dims", "dims", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "Size expressions of a tensor's dynamic dimensions";
  let description = [{
    One expression per `?`, in order. An expression is a product of symbols and at most one leading integer, symbols in
    alphabetical order: `"seq"`, `"2*batch*seq"`. Equal sizes are thus spelled alike, and types compare by identity.

    C1: as many expressions as the tensor has dynamic dimensions, at least one.
    C2: every expression is in canonical order and mentions a symbol.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$sizes);
  let assemblyFormat = "`<` $sizes `>`";
  let builders = [
    AttrBuilder<(ins "::llvm::ArrayRef<::girih::graph::SizeExpr>":$sizes)>,
  ];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The expressions, parsed.
    ::llvm::SmallVector<::girih::graph::SizeExpr> getSizeExprs() const;
  }];
}

def Girih_SourceAttr : Girih_Attr<"Source", "source"> {
  let summary = "Where the bytes of a parameter come from";
  let description = [{
    `bytes` bytes at `offset` of `file`, relative to the module's `girih.model`, row-major, with elements of `type`.

    C1: `offset` and `bytes` are not negative, and `file` is not empty.
    C2: `type` is a float or integer type of whole bytes.
  }];
  let parameters = (ins StringRefParameter<"file relative to the model's directory">:$file, "int64_t":$offset,
                        "int64_t":$bytes, "::mlir::Type":$type);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Girih_PanelsAttr : Girih_Attr<"Panels", "panels",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>, DeclareAttrInterfaceMethods<Girih_EncodingAttrInterface>]> {
  let summary = "A matrix cut into panels of rows, each stored column by column";
  let description = [{
    A `[N, K]` matrix is stored as `ceil(N / width)` panels of `K x width` elements: element `(n, k)` is element number
    `((n / width) * K + k) * width + n % width`; rows past N are zero. A micro-kernel then reads its `width` weights of each `k`
    as one contiguous, aligned run.

    C1: `width` is positive.
    C2: the tensor has two static dimensions and elements of whole bytes.
  }];
  let parameters = (ins "int64_t":$width);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

class Girih_Enum<string name, string mnemonic, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::girih::graph";
  let genSpecializedAttr = 0;
  string attrMnemonic = mnemonic;
}
class Girih_EnumAttr<EnumInfo info, string mnemonic> : EnumAttr<Girih_Dialect, info, mnemonic> {
  let assemblyFormat = "$value";
}

def Girih_PositionsKind : Girih_Enum<"PositionsKind", "positions_kind", "how positions are counted", [
  I32EnumAttrCase<"Absolute", 0, "absolute">, I32EnumAttrCase<"SkipPadding", 1, "skip_padding">]>;
def Girih_PositionsKindAttr : Girih_EnumAttr<Girih_PositionsKind, "positions_kind">;

def Girih_Approximation : Girih_Enum<"Approximation", "approximation", "formula of gelu", [
  I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"Tanh", 1, "tanh">]>;
def Girih_ApproximationAttr : Girih_EnumAttr<Girih_Approximation, "approximation">;

def Girih_Activation : Girih_Enum<"Activation", "activation", "activation of a gated unit", [
  I32EnumAttrCase<"Silu", 0, "silu">, I32EnumAttrCase<"Gelu", 1, "gelu">, I32EnumAttrCase<"GeluTanh", 2, "gelu_tanh">,
  I32EnumAttrCase<"Relu", 3, "relu">, I32EnumAttrCase<"Sigmoid", 4, "sigmoid">]>;
def Girih_ActivationAttr : Girih_EnumAttr<Girih_Activation, "activation">;

def Girih_ReduceKind : Girih_Enum<"ReduceKind", "reduce_kind", "what a reduction computes", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Mean", 1, "mean">, I32EnumAttrCase<"Max", 2, "max">,
  I32EnumAttrCase<"Min", 3, "min">]>;
def Girih_ReduceKindAttr : Girih_EnumAttr<Girih_ReduceKind, "reduce_kind">;

def Girih_PoolKind : Girih_Enum<"PoolKind", "pool_kind", "how a sequence becomes one vector", [
  I32EnumAttrCase<"Mean", 0, "mean">, I32EnumAttrCase<"Cls", 1, "cls">, I32EnumAttrCase<"Max", 2, "max">,
  I32EnumAttrCase<"Last", 3, "last">]>;
def Girih_PoolKindAttr : Girih_EnumAttr<Girih_PoolKind, "pool_kind">;

#endif // GIRIH_GRAPH_ATTRS
