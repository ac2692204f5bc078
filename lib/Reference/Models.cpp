// Attaches all families' reference implementations when the graph dialect is loaded.
#include "lib/Reference/Models.h"

#include "dialects/Graph/Graph.h"

#include "mlir/IR/DialectRegistry.h"

using namespace mlir;

void girih::reference::registerReferenceModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, graph::GirihDialect *) {
    attachContractionModels(context);
    attachAttentionModel(context);
    attachNormalizationModels(context);
    attachElementwiseModels(context);
    attachQuantizationModels(context);
    attachMovementModels(context);
    attachSamplingModel(context);
    attachSequenceModels(context);
    attachDecodingModels(context);
  });
}
