// The passes between kernels and tile programs.
#ifndef GIRIH_TILING_PASSES
#define GIRIH_TILING_PASSES

include "mlir/Pass/PassBase.td"

def TilingPackOperands : Pass<"tiling-pack-operands", "::mlir::ModuleOp"> {
  let summary = "stores each linear layer's weights as the target wants to read them";
  let description = [{
    Asks the cost model how the weight of every contraction is to lie in memory and writes the answer into the types of the parameter, of
    what reads it and of the kernel's argument; the artifact's writer packs accordingly. A parameter that something else reads too keeps its
    layout and gets a packed sibling, `<name>.packed`.

    Precondition: kernels are outlined (`fusion-outline-kernels`).
  }];
  let options = [Option<"target", "target", "std::string", /*default=*/"\"\"",
                        "target to ask; the module's girih.target unless given, else cpu">];
  let statistics = [Statistic<"packed", "packed", "parameters given an encoding">,
                    Statistic<"duplicated", "duplicated", "parameters stored twice">];
  let dependentDialects = ["::girih::graph::GirihDialect"];
}

def TilingEmitPrograms : Pass<"tiling-emit-programs", "::mlir::ModuleOp"> {
  let summary = "turns kernels into tile programs by pulling";
  let description = [{
    Replaces every outlined kernel by a `tile.program` of the same name: the cost model cuts the first result into blocks, and each
    result is asked for its tile, which asks its operands in turn.

    Precondition: kernels are outlined (`fusion-outline-kernels`), and packed if they are to be (`tiling-pack-operands`).
  }];
  let options = [Option<"target", "target", "std::string", /*default=*/"\"\"",
                        "target to ask; the module's girih.target unless given, else cpu">];
  let statistics = [Statistic<"programs", "programs", "tile programs emitted">];
  let dependentDialects = ["::girih::tile::TileDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

#endif // GIRIH_TILING_PASSES
