// What holds a graph together: symbols, parameters, kernels and their launches.
#ifndef GIRIH_GRAPH_STRUCTURE_OPS
#define GIRIH_GRAPH_STRUCTURE_OPS

include "dialects/Graph/GraphBase.td"

def Girih_SymbolOp : Girih_Op<"symbol", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "a size that is known when the model runs";
  let description = [{
    Declares a symbol that size expressions in `#girih.dims` may use, and the values it may take. The runtime derives each symbol
    from the shapes of an entry's inputs and rejects what lies outside `[min, max]`; memory is planned for `max`. Cost models ask
    for the `likely` value where a choice depends on the size; it never changes results.

    C1: `1 <= min <= max`, and `likely`, if it is given, lies between them.
    C2: the name consists of letters, digits and `_`, and does not begin with a digit.

    ```mlir
    girih.symbol @batch {likely = 1 : i64, min = 1 : i64, max = 32 : i64}
    ```

    Lowering: a symbol of the artifact, `lib/Artifact`.
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    Arg<I64Attr, "least value">:$min,
    Arg<I64Attr, "greatest value">:$max,
    Arg<OptionalAttr<I64Attr>, "the usual value; max if it is not given">:$likely,
    OptionalAttr<StrAttr>:$sym_visibility);
  let assemblyFormat = "$sym_name attr-dict";
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "int64_t":$min, "int64_t":$max)>];
}

def Girih_ParameterOp : Girih_Op<"parameter", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "a weight: its type, and where its bytes come from";
  let description = [{
    Declares a weight. `type` is how the artifact stores it, encoding included; `source` says where its bytes lie in the model's
    files, row-major and in the source's element type or quantized format. The artifact's writer converts and packs them. `sources` lists
    several that are stacked along dimension 0. A small table that the importer computed carries its `value` instead. With none of them,
    the model compiles with random weights alone.

    C1: the shape is static.
    C2: `source`, `sources` and `value` exclude each other.
    C3: `source` has as many bytes as the shape takes in the source's element type or format; each of `sources` has whole rows, and
    together they have as many bytes; they are of one type and format.
    C4: `value` has the shape and element type of `type`, without encoding.
    C5: an encoding that keeps quantized blocks has a source of that format, and no `value`.
    C6: `quantized` values are `[N, columns]` of i8, scales and sums `[N]` of f32, without encoding and `value`; C3 holds for the matrix that is quantized.

    ```mlir
    girih.parameter @"encoder.layer.0.output.dense.weight" : tensor<384x1536xf32, #girih.panels<width = 32>>
        {source = #girih.source<file = "model.safetensors", offset = 1024, bytes = 2359296, type = f32>}
    girih.parameter @ones : tensor<4xf32> {value = dense<1.0> : tensor<4xf32>}
    girih.parameter @"blk.0.attn_q.weight" : tensor<576x576xf32, #girih.blocks<q4_1>>
        {source = #girih.source<file = "model.gguf", offset = 4096, bytes = 207360, type = f32, format = q4_1>}
    girih.parameter @"keys and values" : tensor<8x4xf32>
        {sources = [#girih.source<file = "k", offset = 0, bytes = 64, type = f32>, #girih.source<file = "v", offset = 0, bytes = 64, type = f32>]}
    ```

    Lowering: a weight of the artifact, `lib/Artifact`.
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    Arg<TypeAttrOf<Girih_Tensor>, "stored type, encoding included">:$type,
    Arg<OptionalAttr<Girih_SourceAttr>, "where the bytes come from">:$source,
    Arg<OptionalAttr<TypedArrayAttrBase<Girih_SourceAttr, "sources of a parameter">>, "several sources, stacked along dimension 0">:$sources,
    Arg<OptionalAttr<ElementsAttr>, "the elements of a small table">:$value,
    Arg<OptionalAttr<Girih_QuantizedAttr>, "which part of its quantized source it is">:$quantized,
    OptionalAttr<StrAttr>:$sym_visibility);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::RankedTensorType":$type, "::girih::graph::SourceAttr":$source)>,
    OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::RankedTensorType":$type, "::mlir::ElementsAttr":$value)>,
  ];
  let extraClassDeclaration = [{
    /// The one source, or all of `sources`, top rows first.
    ::llvm::SmallVector<::girih::graph::SourceAttr> getAllSources();
    /// The type that its rows are read in: the matrix that is quantized, else its own.
    ::mlir::RankedTensorType getRowsType();
  }];
}

def Girih_GetParameterOp : Girih_Op<"get_parameter", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "reads a weight";
  let description = [{
    Yields the named parameter's tensor. It stays outside kernels, which take weights as inputs, so that identical layers can share
    one kernel.

    C1: the name is that of a `girih.parameter`.
    C2: the result has the parameter's type.

    ```mlir
    girih.parameter @bias : tensor<384xf32>
    func.func @f() -> tensor<384xf32> {
      %0 = girih.get_parameter @bias : tensor<384xf32>
      return %0 : tensor<384xf32>
    }
    ```

    Lowering: an argument of launches, `lib/Artifact`.
  }];
  let arguments = (ins
    Arg<FlatSymbolRefAttr, "name of the parameter">:$parameter);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$parameter attr-dict `:` type($result)";
  let builders = [OpBuilder<(ins "::girih::graph::ParameterOp":$parameter)>];
}

def Girih_KernelOp : Girih_Op<"kernel", [IsolatedFromAbove, Pure, SingleBlock, Girih_SizesDeclared]> {
  let summary = "graph ops that run together";
  let description = [{
    Computes its body in one launch: intermediate tensors of the body never reach memory. `fuse` forms kernels, `outline` moves their
    bodies into functions that identical kernels share.

    C1: the body's arguments have the inputs' types.
    C2: the body ends by yielding values of the results' types.
    C3: the body holds graph ops alone, no kernel and no launch.

    ```mlir
    func.func @f(%x: tensor<4x8xf32>, %w: tensor<16x8xf32>) -> tensor<4x16xf32> {
      %y = girih.kernel(%a = %x, %b = %w : tensor<4x8xf32>, tensor<16x8xf32>) -> (tensor<4x16xf32>) {
        %0 = girih.linear %a, %b : (tensor<4x8xf32>, tensor<16x8xf32>) -> tensor<4x16xf32>
        %1 = girih.gelu %0 : (tensor<4x16xf32>) -> tensor<4x16xf32>
        girih.yield %1 : tensor<4x16xf32>
      }
      return %y : tensor<4x16xf32>
    }
    ```

    Lowering: the passes of `lib/Fusion`, to `girih.launch`.
  }];
  let arguments = (ins
    Arg<Variadic<Girih_Tensor>, "what the body reads">:$inputs);
  let results = (outs Variadic<Girih_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$bodyRegion);
  let hasCustomAssemblyFormat = 1;
  let skipDefaultBuilders = 1;
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$outputs, "::mlir::ValueRange":$inputs)>];
  let extraClassDeclaration = [{
    /// The yield that ends the body.
    ::girih::graph::YieldOp getYield();
  }];
}

def Girih_YieldOp : Girih_Op<"yield", [Pure, Terminator, ReturnLike, HasParent<"KernelOp">]> {
  let summary = "ends a kernel's body with its results";
  let description = [{
    Returns `values` from the body of the `girih.kernel` around it, whose C2 says which types they have.

    ```mlir
    func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
      %y = girih.kernel(%a = %x : tensor<8xf32>) -> tensor<8xf32> {
        %0 = girih.exp %a : (tensor<8xf32>) -> tensor<8xf32>
        girih.yield %0 : tensor<8xf32>
      }
      return %y : tensor<8xf32>
    }
    ```

    Lowering: the passes of `lib/Fusion`, to the function's return.
  }];
  let arguments = (ins
    Arg<Variadic<Girih_Tensor>, "the kernel's results">:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins)>];
}

def Girih_LaunchOp : Girih_Op<"launch", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs an outlined kernel";
  let description = [{
    Runs the kernel `@kernel` on its inputs. After outlining the kernel is a `func.func private` with the attribute `girih.kernel`,
    after tiling a `tile.program` whose first views are the inputs and whose last are the results. The launch's location names the
    model's layers, which traces and messages show.

    C1: the name is that of a function or program.
    C2: inputs and results have, in order, the types of its arguments and results: shape, element type and encoding.

    ```mlir
    func.func private @k(%x: tensor<8xf32>) -> tensor<8xf32> attributes {girih.kernel} {
      %0 = girih.exp %x : (tensor<8xf32>) -> tensor<8xf32>
      return %0 : tensor<8xf32>
    }
    func.func @f(%x: tensor<8xf32>) -> tensor<8xf32> {
      %0 = girih.launch @k(%x) : (tensor<8xf32>) -> tensor<8xf32>
      return %0 : tensor<8xf32>
    }
    ```

    Lowering: a launch command of the artifact, `lib/Artifact`.
  }];
  let arguments = (ins
    Arg<FlatSymbolRefAttr, "name of the kernel">:$kernel,
    Arg<Variadic<Girih_Tensor>, "what the kernel reads">:$inputs);
  let results = (outs Variadic<Girih_Tensor>:$outputs);
  let assemblyFormat = "$kernel `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs)";
}

#endif // GIRIH_GRAPH_STRUCTURE_OPS
