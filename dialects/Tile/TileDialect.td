// The `tile` dialect: what one block of a kernel does, as values close to the arithmetic.
#ifndef GIRIH_DIALECTS_TILE_TILEDIALECT_TD
#define GIRIH_DIALECTS_TILE_TILEDIALECT_TD

include "mlir/IR/DialectBase.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::girih::tile";
  let summary = "blocks of tensors, held close to the arithmetic, and the programs that compute them";
  let description = [{
    A `tile.program` computes one block of a kernel's results. Its arguments are *views*, memory
    whose sizes may be known only at run time; inside, values are *tiles*: ranked tensors of static
    shape. Element-wise work is upstream `arith` and `math` on tiles, control flow is upstream `scf`,
    splats are `tensor.splat` and `arith.constant`; the dialect adds only what those lack.

    Tile programs run by themselves in the interpreter of `lib/Reference`, which is the oracle of
    every target. `Rationale.md` gives the reasons.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

#endif
