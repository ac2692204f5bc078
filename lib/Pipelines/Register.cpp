// Registers dialects, external models and passes, folder by folder in processing order.
#include "lib/Pipelines/Register.h"

#include "dialects/Graph/Graph.h"
#include "dialects/Systolic/Systolic.h"
#include "dialects/Tile/Tile.h"
#include "girih/Target.h"
#include "lib/Artifact/Passes.h"
#include "lib/Fusion/Passes.h"
#include "lib/Quantization/Passes.h"
#include "lib/Reference/Models.h"
#include "lib/Tiling/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/Dialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

static void registerUpstreamDialects(DialectRegistry &registry) {
  registry.insert<BuiltinDialect, func::FuncDialect, arith::ArithDialect, math::MathDialect, scf::SCFDialect,
                  cf::ControlFlowDialect, tensor::TensorDialect, affine::AffineDialect, index::IndexDialect,
                  memref::MemRefDialect, bufferization::BufferizationDialect, vector::VectorDialect,
                  x86vector::X86VectorDialect, ub::UBDialect, LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void girih::registerAll(DialectRegistry &registry) {
  registerUpstreamDialects(registry);
  registry.insert<graph::GirihDialect, tile::TileDialect, systolic::SystolicDialect>();
  reference::registerReferenceModels(registry);
  tiling::registerTilingModels(registry);
  registerTargetDialects(registry);
}

void girih::registerAllPasses() {
  registerTransformsPasses();
  registerConversionPasses();
  memref::registerMemRefPasses();
  quantization::registerGirihQuantizationPasses();
  fusion::registerGirihFusionPasses();
  tiling::registerGirihTilingPasses();
  registerTargetPasses();
  artifact::registerGirihArtifactPasses();
}
