// The bytes of an artifact's weights, produced piece by piece while it is written: read from the mapped files
// of the model, converted to the type the kernels want, packed as the parameter's encoding says. Never more
// than one group of rows is held.
#pragma once

#include "dialects/Graph/Graph.h"
#include "lib/Artifact/Writer.h"
#include "lib/Support/File.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"

namespace girih::artifact {

class WeightReader {
public:
  /// `directory` is the module's girih.model; the parameters' files are relative to it. With `onlyValues`,
  /// the parameters that come from files are left alone (their bytes are random).
  WeightReader(llvm::StringRef directory, llvm::ArrayRef<graph::ParameterOp> parameters,
               bool onlyValues = false)
      : directory(directory), parameters(parameters), onlyValues(onlyValues) {}

  /// Checks that every parameter has bytes that fit its type, and maps the files, so that writing starts only
  /// if it can end.
  llvm::Error open();

  /// Fills part of a weight as stored, for girih::artifact::FillWeight. Fails if a file has changed since it
  /// was opened.
  WriteResult fill(unsigned weight, uint64_t offset, llvm::MutableArrayRef<char> data);

  /// Whether the weight's stored bytes are its source's bytes, so that the original file can serve.
  bool isStoredAsInSource(unsigned weight) const;
  /// Absolute path and content of a parameter's file.
  std::pair<std::string, const llvm::MemoryBuffer *> file(graph::ParameterOp parameter) const;

private:
  struct Source {
    llvm::SmallVector<llvm::ArrayRef<char>, 1> parts; ///< rows of the parameter, top first
    mlir::Type type;
    std::optional<graph::BlockFormat> format = std::nullopt;
    bool splat = false;                ///< one element stands for all
    graph::SourceAttr transposed = {}; ///< the source, if it is
  };

  llvm::Expected<Source> sourceOf(graph::ParameterOp parameter);
  llvm::Expected<llvm::ArrayRef<char>> bytesOf(graph::ParameterOp parameter, graph::SourceAttr source);
  llvm::Error check(graph::ParameterOp parameter, const Source &source) const;
  bool isVerbatim(unsigned weight) const;
  void fillElements(unsigned weight, int64_t first, llvm::MutableArrayRef<char> data) const;
  void fillGroups(unsigned weight, uint64_t offset, llvm::MutableArrayRef<char> data);
  void readRows(unsigned weight, int64_t first, int64_t count);
  void packGroup(unsigned weight, int64_t number);
  void quantizeGroup(graph::ParameterOp parameter);
  WriteResult checkUnchanged() const;

  std::string directory;
  llvm::ArrayRef<graph::ParameterOp> parameters;
  bool onlyValues;
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> files;
  llvm::StringMap<FileIdentity> opened; ///< what each file was then
  std::vector<Source> sources;
  std::vector<char> rows, group; ///< the group packed last, before and after
  std::pair<unsigned, int64_t> packed = {~0u, -1};
};

} // namespace girih::artifact
