// Attributes of the `tile` dialect: a grid dimension and the kinds of reduction.
#ifndef GIRIH_DIALECTS_TILE_TILEATTRS_TD
#define GIRIH_DIALECTS_TILE_TILEATTRS_TD

include "dialects/Tile/TileDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Tile_GridAttr : AttrDef<Tile_Dialect, "Grid"> {
  let mnemonic = "grid";
  let summary = "one dimension of a program's grid";
  let description = [{
    `ceildiv(size of dimension dim of argument arg, step)` blocks.

    ```mlir
    #tile.grid<arg = 2, dim = 1, step = 64>
    ```
  }];
  let parameters = (ins "int64_t":$arg, "int64_t":$dim, "int64_t":$step);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Tile_ReduceKind : I32EnumAttr<"ReduceKind", "what a reduction combines with", [
    I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"max", 1>, I32EnumAttrCase<"min", 2>]> {
  let cppNamespace = "::girih::tile";
  let genSpecializedAttr = 0;
}

def Tile_ReduceKindAttr : EnumAttr<Tile_Dialect, Tile_ReduceKind, "reduce_kind">;

#endif
