// Types of the `tile` dialect: the view, and the constraint that makes a builtin tensor a tile.
#ifndef GIRIH_DIALECTS_TILE_TILETYPES_TD
#define GIRIH_DIALECTS_TILE_TILETYPES_TD

include "dialects/Tile/TileDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/IR/CommonTypeConstraints.td"

def Tile_ViewType : TypeDef<Tile_Dialect, "View", [ShapedTypeInterface]> {
  let mnemonic = "view";
  let summary = "a program's window on memory";
  let description = [{
    Memory holding a tensor: row-major and contiguous, or laid out as its encoding says. A `?`
    dimension is read at run time with `tile.dim`. The element type is the logical one; an encoding
    may store another and is decoded by `tile.load`. `i1` takes one byte an element.

    The encoding is any attribute that implements the graph dialect's `EncodingAttrInterface`; this
    dialect only carries it.

    ```mlir
    tile.program @views(%x: !tile.view<?x384xf32>, %y: !tile.view<?xbf16>)
        grid [#tile.grid<arg = 1, dim = 0, step = 64>] outputs 1 {
      tile.return
    }
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
      OptionalParameter<"::mlir::Attribute">:$encoding);
  let builders = [
    TypeBuilderWithInferredContext<(ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType,
        CArg<"::mlir::Attribute", "{}">:$encoding), [{
      return $_get(elementType.getContext(), shape, elementType, encoding);
    }]>
  ];
  let extraClassDeclaration = [{
    ::mlir::ShapedType cloneWith(::std::optional<::llvm::ArrayRef<int64_t>> shape, ::mlir::Type elementType) const;
    bool hasRank() const { return true; }
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Tile_Element : AnyTypeOf<[F32, BF16, F16, I32, I8, I1]>;

class Tile_TileOf<list<Type> elements, string what> : Type<
    And<[StaticShapeTensorOf<elements>.predicate,
         CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getRank() <= 4">,
         CPred<"!::llvm::cast<::mlir::RankedTensorType>($_self).getEncoding()">]>,
    "tile (statically shaped tensor of rank 0 to 4 without encoding) of " # what,
    "::mlir::RankedTensorType">;

def Tile_Tile : Tile_TileOf<[F32, BF16, F16, I32, I8, I1], "f32, bf16, f16, i32, i8 or i1">;
def Tile_FloatTile : Tile_TileOf<[F32, BF16, F16], "f32, bf16 or f16">;
def Tile_FactorTile : Tile_TileOf<[F32, BF16, F16, I8], "f32, bf16, f16 or i8">;
def Tile_SumTile : Tile_TileOf<[F32, I32], "f32 or i32">;
def Tile_I8Tile : Tile_TileOf<[I8], "i8">;
def Tile_F32Tile : Tile_TileOf<[F32], "f32">;
def Tile_I32Tile : Tile_TileOf<[I32], "i32">;

#endif
