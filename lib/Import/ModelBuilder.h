// Builds a graph module while checking the checkpoint against it: asking for a parameter claims a tensor, and
// what nobody has claimed at the end is an error. The first error sticks, so that building code stays a
// straight line.
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
  /// What the names that are asked for begin with and the checkpoint's do not: "" or "model.".
  std::string dropped = "";
};

/// An argument of an entry: integers in [first, end), any values where that is empty, or a state.
struct EntryInput {
  std::string name;
  mlir::RankedTensorType type;
  int64_t first = 0;
  int64_t end = 0;
  bool isState = false;
};

/// A result of an entry, other than a state.
struct EntryResult {
  mlir::Value value;
  llvm::StringRef name;
};

class ModelBuilder {
public:
  ModelBuilder(mlir::MLIRContext &context, llvm::StringRef directory, mlir::Type floatType);

  /// Declares a size that is known at run time.
  void addSymbol(llvm::StringRef name, int64_t max, std::optional<int64_t> likely = {});
  /// The type of ids and what lies beside them: `[batch, seq]`.
  mlir::RankedTensorType tokensType();
  /// Begins an entry; what is built from now on is its body.
  void beginEntry(llvm::StringRef name, llvm::ArrayRef<EntryInput> inputs);
  /// Begins the entry `encode(ids, mask)`, ids in [0, vocabulary).
  void beginEncode(int64_t vocabulary);
  /// Ends the entry with `results`, then the last versions of its states in their order.
  void endEntry(llvm::ArrayRef<EntryResult> results, mlir::ValueRange states = {});
  /// Says something about the model to the artifact's users; an empty text says nothing.
  void setProperty(llvm::StringRef name, llvm::StringRef text);
  /// Verifies the module.
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> finish();

  /// Where parameters come from now.
  void use(WeightSource source);
  /// Checks that every tensor of the current source is claimed, or begins with one of `ignored` (after the
  /// prefix), or ends with one of `ignoredEndings`.
  void checkAllClaimed(llvm::ArrayRef<llvm::StringLiteral> ignored,
                       llvm::ArrayRef<llvm::StringLiteral> ignoredEndings = {});

  /// Reads the tensor `name`, which must have `shape`. A tensor that is read twice is one parameter.
  /// With `unpaired`, its rows are heads of so many that hold pairs, see `#girih.source`.
  mlir::Value parameter(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t unpaired = 0);
  /// Reads `count` rows of the tensor `name` from row `first` on; all of it must have `shape`.
  mlir::Value rows(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t first, int64_t count);
  /// Reads `count` columns of the matrix `name` from column `first` on, as the rows of a parameter; all of it
  /// must have `shape`.
  mlir::Value columns(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t first, int64_t count);
  /// Reads a table that the importer computed.
  mlir::Value table(llvm::StringRef name, mlir::DenseElementsAttr value);
  /// Looks up rows of the table `name`, which must have `shape`, as activations.
  mlir::Value lookUp(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, mlir::Value ids);
  /// Reads row 0 of the matrix `name`, which must have `shape`.
  mlir::Value firstRow(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);

  /// Locates the ops built from now on at a module of the model.
  void at(const llvm::Twine &module);
  template <typename Op, typename... Args> Op create(Args &&...args) {
    return Op::create(builder, location, std::forward<Args>(args)...);
  }
  mlir::OpBuilder &getBuilder() { return builder; }
  /// The type of activations and of parameters, other than matrices of a narrower type, from now on.
  void setFloatType(mlir::Type type) { floatType = type; }
  mlir::Type getFloatType() const { return floatType; }
  mlir::Value ids() { return entry.getArgument(0); }
  mlir::Value mask() { return entry.getArgument(1); }
  mlir::Value argument(unsigned i) { return entry.getArgument(i); }

  /// Keeps the first error.
  void fail(llvm::Error error);
  bool failed() { return static_cast<bool>(error); }
  ~ModelBuilder() { llvm::consumeError(std::move(error)); }

private:
  graph::SourceAttr claim(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, int64_t first,
                          int64_t elements);
  graph::SourceAttr claimBlocks(const Checkpoint::Entry &entry, graph::BlockFormat format, int64_t first,
                                int64_t elements);
  mlir::RankedTensorType storedType(llvm::ArrayRef<int64_t> shape, graph::SourceAttr from);
  mlir::Value read(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, graph::SourceAttr source);
  std::string describeMissing(llvm::StringRef name) const;
  std::string directory() const;
  std::string fileOf(const Checkpoint::Entry &entry) const;

  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp entry;
  mlir::Location location;
  mlir::Type floatType;
  WeightSource source;
  llvm::StringSet<> claimed;
  llvm::StringMap<graph::ParameterOp> parameters;
  llvm::Error error = llvm::Error::success();
};

} // namespace girih::import
