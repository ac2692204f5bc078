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
    `ceildiv(size of dimension dim of argument arg, step)` blocks; or, where a program's outputs are cut differently, `#tile.grid<blocks = 10>`, a fixed number
    of blocks, which the program shares out among them.

    C1: either `arg`, `dim` and `step` are given, or `blocks`.
    C2: `blocks` is positive.

    ```mlir
    #tile.grid<arg = 2, dim = 1, step = 64>
    ```
  }];
  let parameters = (ins DefaultValuedParameter<"int64_t", "-1">:$arg, DefaultValuedParameter<"int64_t", "-1">:$dim,
                        DefaultValuedParameter<"int64_t", "-1">:$step, DefaultValuedParameter<"int64_t", "0">:$blocks);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let builders = [
    AttrBuilder<(ins "int64_t":$arg, "int64_t":$dim, "int64_t":$step), [{ return $_get($_ctxt, arg, dim, step, 0); }]>,
    AttrBuilder<(ins "int64_t":$blocks), [{ return $_get($_ctxt, -1, -1, -1, blocks); }]>,
  ];
  let extraClassDeclaration = [{
    /// Whether the number of blocks is the attribute's own, not a view's.
    bool isFixed() const { return getBlocks() != 0; }
  }];
}

def Tile_ReduceKind : I32EnumAttr<"ReduceKind", "what a reduction combines with", [
    I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"max", 1>, I32EnumAttrCase<"min", 2>]> {
  let cppNamespace = "::girih::tile";
  let genSpecializedAttr = 0;
}

def Tile_ReduceKindAttr : EnumAttr<Tile_Dialect, Tile_ReduceKind, "reduce_kind">;

#endif
