// The `girih` dialect: transformers as graphs of tensors with symbolic sizes. This file defines the
// dialect itself; attributes, interfaces and operations lie beside it.
#ifndef GIRIH_GRAPH_DIALECT
#define GIRIH_GRAPH_DIALECT

include "mlir/IR/OpBase.td"

def Girih_Dialect : Dialect {
  let name = "girih";
  let summary = "Transformers as graphs of tensors whose sizes may be symbols";
  let description = [{
    A value is a ranked tensor of the model. Its element type is `f32`, `bf16`, `f16`, `i32`, `i8` or `i1`. A dimension is an
    integer or `?`, and every `?` is tied to a size expression, a product of declared symbols and integers, by the type's encoding:

    ```mlir
    girih.symbol @batch {min = 1 : i64, max = 32 : i64}
    girih.symbol @seq {min = 1 : i64, max = 512 : i64}
    func.func private @f(tensor<?x?x384xf32, #girih.dims<"batch", "seq">>) -> tensor<?x384xf32, #girih.dims<"batch*seq">>
    ```

    Weights are never in the IR: `girih.parameter` names their shape, type and place in mapped files. Every graph op is pure.
    Attributes of the dialect on other operations:

    | attribute | on | meaning |
    | --- | --- | --- |
    | `girih.contract` | module | numeric contract: `"exact"`, `"stable"` or `"fast"` |
    | `girih.model` | module | absolute directory of the files that sources name |
    | `girih.properties` | module | what users of the artifact may ask: a dictionary of strings |
    | `girih.target` | module | the target once chosen, `"cpu:zen4"` |
    | `girih.entry` | `func.func` | the function is an entry point of the artifact |
    | `girih.kernel` | `func.func` | the function is an outlined kernel |
    | `girih.flops`, `girih.bytes` | `girih.launch` | the launch's arithmetic and memory traffic: size expressions, to be added |
    | `girih.scratch_bytes` | a lowered kernel | bytes of memory that it needs for itself |
    | `girih.name` | entry arguments and results | the name users know it by |
    | `girih.range` | integer entry arguments | `[lo, hi)`, checked by the runtime before anything launches |
    | `girih.state` | entry arguments | memory of the caller that a run reads and writes |
    | `girih.state` | entry results | the argument's number: the result is its last version |

    C1: a state is used linearly. It has at most one user that yields its next version; every other user comes before that one.
    C2: the entry returns each state's last version, in order, after its other results.
  }];
  let cppNamespace = "::girih::graph";
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::affine::AffineDialect", "::mlir::tensor::TensorDialect"];
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

#endif // GIRIH_GRAPH_DIALECT
