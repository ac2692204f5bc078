// The passes that put a model's arithmetic on small integers.
#ifndef GIRIH_QUANTIZATION_PASSES
#define GIRIH_QUANTIZATION_PASSES

include "mlir/Pass/PassBase.td"

def QuantizationLinears : Pass<"quantization-linears", "::mlir::ModuleOp"> {
  let summary = "linear layers multiply 8-bit integers";
  let description = [{
    In a module whose `girih.dtype` is `"int8"`, every `girih.linear` whose weight is a parameter becomes an exact product of 8-bit
    integers. The weight is quantized row by row, that is, by output channel, when the artifact is written; integers, units and sums are three parameters. The rows
    are quantized by what calibration saw, in one unit for the tensor, where the module has `girih.ranges`, and each by what it spans
    where it has none (`girih.quantize_rows`). Layers that read the same rows share them. What the sums are worth, and the bias, follow in f32 (`girih.dequantize`).

    Everything else, attention too, stays in the type that the model has. Declines layers whose weight is computed, in a remark.

    Source: B. Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference", CVPR 2018;
    Z. Yao et al., "ZeroQuant", NeurIPS 2022.
  }];
  let statistics = [Statistic<"quantized", "quantized", "layers that multiply integers">];
  let dependentDialects = ["::girih::graph::GirihDialect"];
}

def QuantizationObserveRanges : Pass<"quantization-observe-ranges", "::mlir::ModuleOp"> {
  let summary = "entries tell how great the rows of their linear layers are";
  let description = [{
    Adds a result `ranges` to every entry without caches: `[.., 2L]`, for each row the greatest elements of the L different operands of linear
    layers there, then the least. The layers' names, one line for each operand, several joined by spaces, are the module's property `observed`. Calibration takes the
    extremes over a text.
  }];
  let statistics = [Statistic<"observed", "observed", "operands that are observed">];
  let dependentDialects = ["::girih::graph::GirihDialect"];
}

#endif
