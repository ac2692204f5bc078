// What holds a graph together: symbols, parameters, kernels and their launches.
#ifndef GIRIH_GRAPH_STRUCTURE_OPS
#define GIRIH_GRAPH_STRUCTURE_OPS

include "dialects/Graph/GraphBase.td"

def Girih_SymbolOp : Girih_Op<"symbol", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "declares a size that is known when the model runs";
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$min, I64Attr:$max, OptionalAttr<StrAttr>:$sym_visibility);
  let assemblyFormat = "$sym_name attr-dict";
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "int64_t":$min, "int64_t":$max)>];
}

def Girih_ParameterOp : Girih_Op<"parameter", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "declares a weight: its type, and where its bytes come from";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Girih_Tensor>:$type, OptionalAttr<Girih_SourceAttr>:$source,
                       OptionalAttr<ElementsAttr>:$value, OptionalAttr<StrAttr>:$sym_visibility);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::RankedTensorType":$type, "::girih::graph::SourceAttr":$source)>,
    OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::RankedTensorType":$type, "::mlir::ElementsAttr":$value)>,
  ];
}

def Girih_GetParameterOp : Girih_Op<"get_parameter", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "reads a weight";
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs Girih_Tensor:$result);
  let assemblyFormat = "$parameter attr-dict `:` type($result)";
  let builders = [OpBuilder<(ins "::girih::graph::ParameterOp":$parameter)>];
}

def Girih_KernelOp : Girih_Op<"kernel", [IsolatedFromAbove, Pure, SingleBlock, Girih_SizesDeclared]> {
  let summary = "graph ops that run together";
  let arguments = (ins Variadic<Girih_Tensor>:$inputs);
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
  let arguments = (ins Variadic<Girih_Tensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins)>];
}

def Girih_LaunchOp : Girih_Op<"launch", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs an outlined kernel";
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<Girih_Tensor>:$inputs);
  let results = (outs Variadic<Girih_Tensor>:$outputs);
  let assemblyFormat = "$kernel `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs)";
}

#endif // GIRIH_GRAPH_STRUCTURE_OPS
