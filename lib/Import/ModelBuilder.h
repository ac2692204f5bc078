// Builds a graph module while checking the checkpoint against it: asking for a parameter claims a tensor, and what nobody has
// claimed at the end is an error. The first error sticks, so that building code stays a straight line.
#pragma once

#include "dialects/Graph/Graph.h"
#include "lib/Import/SafeTensors.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringSet.h"

#include <optional>

namespace girih::import {

/// Where the tensors of one part of a model come from.
struct WeightSource {
  /// Null: parameters get no source (random weights).
  const Checkpoint *checkpoint = nullptr;
  /// Precedes the names of the checkpoint's files in `girih.source`: "" or "2_Dense/".
  std::string folder;
  /// Precedes the names of the checkpoint's tensors: "" or "bert.".
  std::string prefix;
  /// Precedes the names of parameters and locations: "" or "2.".
  std::string module;
};

class ModelBuilder {
public:
  ModelBuilder(mlir::MLIRContext &context, llvm::StringRef directory, mlir::Type floatType);

  /// Declares a size that is known at run time.
  void addSymbol(llvm::StringRef name, int64_t max);
  /// Begins the entry `encode(ids, mask)`, ids in [0, vocabulary).
  void beginEncode(int64_t vocabulary);
  /// Ends it with `result` under `name`, and verifies the module.
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> finish(mlir::Value result, llvm::StringRef name);

  /// Where parameters come from now.
  void use(WeightSource source);
  /// Checks that every tensor of the current source is claimed or begins with one of `ignored` (after the prefix).
  void checkAllClaimed(llvm::ArrayRef<llvm::StringLiteral> ignored);

  /// Reads the tensor `name`, which must have `shape`.
  mlir::Value parameter(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  /// Reads row 0 of the matrix `name`, which must have `shape`.
  mlir::Value firstRow(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);

  /// Locates the ops built from now on at a module of the model.
  void at(const llvm::Twine &module);
  template <typename Op, typename... Args> Op create(Args &&...args) {
    return Op::create(builder, location, std::forward<Args>(args)...);
  }
  mlir::OpBuilder &getBuilder() { return builder; }
  /// The type of parameters, and so of activations, from now on.
  void setFloatType(mlir::Type type) { floatType = type; }
  mlir::Type getFloatType() const { return floatType; }
  mlir::Value ids() { return encode.getArgument(0); }
  mlir::Value mask() { return encode.getArgument(1); }

  /// Keeps the first error.
  void fail(llvm::Error error);
  bool failed() { return static_cast<bool>(error); }
  ~ModelBuilder() { llvm::consumeError(std::move(error)); }

private:
  graph::SourceAttr claim(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t elements);
  mlir::Value read(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, graph::SourceAttr source);
  std::string describeMissing(llvm::StringRef name) const;

  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp encode;
  mlir::Location location;
  mlir::Type floatType;
  WeightSource source;
  llvm::StringSet<> claimed;
  llvm::Error error = llvm::Error::success();
};

} // namespace girih::import
