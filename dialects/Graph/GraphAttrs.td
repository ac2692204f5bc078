// Attributes of the graph: size expressions, sources of weights, encodings, and the choices ops offer.
#ifndef GIRIH_GRAPH_ATTRS
#define GIRIH_GRAPH_ATTRS

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/TensorEncoding.td"
include "dialects/Graph/GraphDialect.td"
include "dialects/Graph/GraphInterfaces.td"

class Girih_Enum<string name, string mnemonic, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::girih::graph";
  let genSpecializedAttr = 0;
  string attrMnemonic = mnemonic;
}
class Girih_EnumAttr<EnumInfo info, string mnemonic> : EnumAttr<Girih_Dialect, info, mnemonic> {
  let assemblyFormat = "$value";
}

def Girih_BlockFormat : Girih_Enum<"BlockFormat", "block_format", "a quantized format of GGUF", [
  I32EnumAttrCase<"Q4_0", 0, "q4_0">, I32EnumAttrCase<"Q4_1", 1, "q4_1">, I32EnumAttrCase<"Q5_0", 2, "q5_0">,
  I32EnumAttrCase<"Q5_1", 3, "q5_1">, I32EnumAttrCase<"Q8_0", 4, "q8_0">, I32EnumAttrCase<"Q4_K", 5, "q4_k">,
  I32EnumAttrCase<"Q6_K", 6, "q6_k">]>;
def Girih_OptionalBlockFormat : OptionalParameter<"std::optional<::girih::graph::BlockFormat>", "quantized format of the bytes"> {
  let parser = "::mlir::FieldParser<::std::optional<::girih::graph::BlockFormat>>::parse($_parser)";
  let printer = "$_printer << ::girih::graph::stringifyBlockFormat(*$_self)";
}

class Girih_Attr<string name, string attrMnemonic, list<Trait> traits = []> : AttrDef<Girih_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Girih_DimsAttr : Girih_Attr<"Dims", "dims", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "Size expressions of a tensor's dynamic dimensions";
  let description = [{
    One expression per `?`, in order. An expression is a sum of products, each of at most one leading positive integer and symbols in
    alphabetical order, those of most factors first: `"seq"`, `"2*batch*seq"`, `"seq + 1"`. Equal sizes are thus spelled alike, and types
    compare by identity.

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
    `bytes` bytes at `offset` of `file`, relative to the module's `girih.model`, row-major, with elements of `type`. With
    `format`, rows of GGUF's blocks, see `#girih.blocks`, whose elements are f32.

    With `unpaired = d`, rows come in heads of d that hold a rotation's pairs side by side, as GGUF keeps Llama's queries and keys; the parameter has them
    as halves: its row i of a head, `i < d / 2`, is row `2 i` of the bytes, and its row `d / 2 + i` is row `2 i + 1`.

    With `transposed = N`, the file holds rows of N elements, of which the parameter's rows are columns: its element (r, k) is element `k N + r` from `offset` on,
    and the bytes end with the last of them. GPT-2 keeps its layers so.

    C1: `offset` and `bytes` are not negative, and `file` is not empty.
    C2: `type` is a float or integer type of whole bytes; f32 with `format`.
    C3: `unpaired` is even and not negative; the bytes are whole heads, which the parameter checks.
    C4: `transposed` is not negative, and stands without `format` and `unpaired`.
  }];
  let parameters = (ins StringRefParameter<"file relative to the model's directory">:$file, "int64_t":$offset,
                        "int64_t":$bytes, "::mlir::Type":$type, Girih_OptionalBlockFormat:$format,
                        DefaultValuedParameter<"int64_t", "0", "rows of a head">:$unpaired,
                        DefaultValuedParameter<"int64_t", "0", "elements of a row in the file">:$transposed);
  let builders = [
    AttrBuilder<(ins "::llvm::StringRef":$file, "int64_t":$offset, "int64_t":$bytes, "::mlir::Type":$type), [{
      return $_get($_ctxt, file, offset, bytes, type, std::nullopt, 0, 0);
    }]>,
  ];
  let extraClassDeclaration = [{
    /// Bytes of a row of `elements` elements; -1 if a row does not consist of whole blocks.
    int64_t getRowBytes(int64_t elements) const;
    /// Reads elements of a transposed source from number `first` of the parameter on, whose rows have `columns`.
    void readTransposed(::llvm::ArrayRef<char> bytes, int64_t columns, int64_t first, ::llvm::MutableArrayRef<char> into) const;
    /// The pieces of the source's bytes in the order of the parameter's rows, of `rowBytes` each.
    ::llvm::SmallVector<::llvm::ArrayRef<char>> inOrder(::llvm::ArrayRef<char> bytes, int64_t rowBytes) const;
  }];
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Girih_QuantizedPart : Girih_Enum<"QuantizedPart", "quantized_part", "a part of a quantized matrix", [
  I32EnumAttrCase<"Values", 0, "values">, I32EnumAttrCase<"Scales", 1, "scales">, I32EnumAttrCase<"Sums", 2, "sums">]>;

def Girih_QuantizedAttr : Girih_Attr<"Quantized", "quantized"> {
  let summary = "A part of a matrix whose rows are quantized as the artifact is written";
  let description = [{
    The source is a matrix `[N, columns]` of floats. Each row becomes 8-bit integers in units of its greatest magnitude / 127: `values` are the integers,
    `scales` the N units, `sums` what the integers of each row add up to, in f32.

    C1: `columns` is positive.
  }];
  let parameters = (ins EnumParameter<Girih_QuantizedPart>:$part, "int64_t":$columns);
  let assemblyFormat = "`<` $part `,` `columns` `=` $columns `>`";
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

def Girih_BlocksAttr : Girih_Attr<"Blocks", "blocks",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>, DeclareAttrInterfaceMethods<Girih_EncodingAttrInterface>]> {
  let summary = "A matrix of quantized weights as GGUF stores it, to the byte";
  let description = [{
    Row after row, each cut into blocks along its last dimension. A block holds small integers `q` and what scales them; all
    arithmetic is f32, every product is exact, and the sum rounds once:

    | format | elements, bytes of a block | value |
    | --- | --- | --- |
    | `q4_0`, `q5_0` | 32, 18; 32, 22 | `d * (q - 8)`, `d * (q - 16)` |
    | `q4_1`, `q5_1` | 32, 20; 32, 24 | `d * q + m` |
    | `q8_0` | 32, 34 | `d * q` |
    | `q4_k` | 256, 144 | `(d * scale) * q - dmin * min`, scale and min of 6 bits for each 32 |
    | `q6_k` | 256, 210 | `(d * scale) * (q - 32)`, scale of 8 bits for each 16 |

    C1: the tensor has two static dimensions and elements of f32.
    C2: rows consist of whole blocks.
  }];
  let parameters = (ins EnumParameter<Girih_BlockFormat>:$format);
  let assemblyFormat = "`<` $format `>`";
}

def Girih_BlockPanelsAttr : Girih_Attr<"BlockPanels", "block_panels",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>, DeclareAttrInterfaceMethods<Girih_EncodingAttrInterface>]> {
  let summary = "GGUF's blocks rearranged for a micro-kernel, the same bits";
  let description = [{
    Rows are cut into panels of `width` rows, as in `#girih.panels`, and a panel into columns of blocks. The `width` blocks of a
    column are stored plane by plane, `n` being a row's number in its panel; rows past the end are zero:

    1. the scales `d`, an f16 a row; then the minima `m` or `dmin`, where the format has them;
    2. q4_k: three planes of four bytes a row, its 12 bytes of small scales. q6_k: 16 planes of a byte a row;
    3. q5_0, q5_1: the high bits, four bytes a row: element `8 * j + i` has bit `4 * i + j`. q6_k: 16 planes of four bytes a row
       for 16 elements each: element `8 * j + i` has bits `4 * i + 2 * j` and the next;
    4. for each 8 elements the low bits, four bytes a row, the first element lowest. q8_0: a plane of a byte a row for each element.

    C1: `width` is positive.
    C2: the tensor has two static dimensions and elements of f32.
    C3: rows consist of whole blocks.
  }];
  let parameters = (ins EnumParameter<Girih_BlockFormat>:$format, "int64_t":$width);
  let assemblyFormat = "`<` $format `,` `width` `=` $width `>`";
  let genVerifyDecl = 1;
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
