// Weights as the interpreters see them: from mapped files, from the module, or random.
#pragma once

#include "dialects/Graph/Graph.h"
#include "lib/Reference/HostTensor.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"

namespace girih::reference {

class Parameters {
public:
  /// With a seed, parameters without a `value` are random and no file is read.
  Parameters(mlir::ModuleOp module, std::optional<uint64_t> randomSeed)
      : module(module), randomSeed(randomSeed) {}

  /// The parameter's elements, row-major, as the artifact would hold them: converted to the parameter's type
  /// and through its encoding. A fault is reported at the parameter.
  mlir::FailureOr<HostTensor> load(graph::ParameterOp parameter);

private:
  mlir::LogicalResult fillFromSource(graph::ParameterOp parameter, HostTensor &tensor);
  mlir::FailureOr<HostTensor> quantized(graph::ParameterOp parameter);
  mlir::FailureOr<llvm::ArrayRef<char>> bytesOf(graph::ParameterOp parameter, graph::SourceAttr source);
  mlir::FailureOr<llvm::StringRef> openSource(graph::ParameterOp parameter, llvm::StringRef file);

  mlir::ModuleOp module;
  std::optional<uint64_t> randomSeed;
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> files;
};

/// Copies the elements of a constant.
void fillFromAttribute(mlir::ElementsAttr value, HostTensor &tensor);

/// Fills `tensor` as include/girih-runtime/RandomWeights.h defines for a parameter of this name.
void fillRandom(HostTensor &tensor, uint64_t seed, llvm::StringRef name);

} // namespace girih::reference
