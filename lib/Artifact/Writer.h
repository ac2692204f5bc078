// Builds and writes an artifact file (include/girih-runtime/Format.h). Plain C++ without LLVM, so that the runtime's tests
// use it too. ArtifactBuilder collects the tables: every add… returns the record's index, strings and expressions are kept
// once. writeArtifact streams the file in bounded memory and makes it appear under its name only when it is whole.
#pragma once

#include "girih-runtime/Format.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace girih::artifact {

/// Bit of girih_cpu_feature for LLVM's or Linux's spelling ("avx512f", "sse4.2"), or GIRIH_CPU_FEATURE_COUNT if unknown.
unsigned cpuFeatureBit(std::string_view name);
/// Bytes of one element of a girih_element_type.
unsigned elementBytes(uint32_t elementType);

struct WeightInfo {
  std::string name;
  uint32_t elementType = GIRIH_F32;
  std::vector<int64_t> shape;
  uint64_t bytes = 0; // as stored
  uint32_t layout = GIRIH_LAYOUT_ROW_MAJOR;
  uint32_t layoutParameter = 0;
  std::string encoding; // text of the encoding attribute, "" for row-major
};

struct ArgInfo {
  uint32_t kind = GIRIH_ARG_BUFFER, index = 0;
  std::vector<uint32_t> dims; // expressions
  uint32_t offset = GIRIH_NONE, bytes = GIRIH_NONE;
};

struct LaunchInfo {
  uint32_t kernel = 0;
  std::vector<uint32_t> grid; // expressions: blocks along each dimension
  std::vector<ArgInfo> args;
  std::string label;
  uint32_t flops = GIRIH_NONE, bytes = GIRIH_NONE; // expressions
};

struct ValueInfo {
  std::string name;
  uint32_t elementType = GIRIH_F32;
  std::vector<uint32_t> dims; // expressions
  bool hasRange = false;
  int64_t rangeLow = 0, rangeHigh = 0;
  bool isState = false; // an input that runs read and write
};

/// One code version: its image, and per kernel (in the order of addKernel) where it starts and what scratch it needs.
struct VersionInfo {
  std::string name;
  uint64_t features = 0;
  uint32_t machine = GIRIH_MACHINE_CPU;
  std::vector<uint8_t> image;
  std::vector<girih_kernel_code> kernels;
};

class ArtifactBuilder {
public:
  /// An index into the expression table.
  using Expr = uint32_t;

  ArtifactBuilder();

  uint32_t string(std::string_view text);
  void property(std::string_view key, std::string_view value);
  uint32_t addSymbol(std::string_view name, int64_t min, int64_t max, uint32_t kind = GIRIH_SYMBOL_SIZE);

  Expr constant(int64_t value);
  Expr symbol(uint32_t index);
  Expr binary(girih_opcode opcode, Expr lhs, Expr rhs); // folds constants
  Expr add(Expr a, Expr b) { return binary(GIRIH_OP_ADD, a, b); }
  Expr sub(Expr a, Expr b) { return binary(GIRIH_OP_SUB, a, b); }
  Expr mul(Expr a, Expr b) { return binary(GIRIH_OP_MUL, a, b); }
  Expr ceilDiv(Expr a, Expr b) { return binary(GIRIH_OP_CEILDIV, a, b); }
  Expr floorDiv(Expr a, Expr b) { return binary(GIRIH_OP_FLOORDIV, a, b); }
  Expr max(Expr a, Expr b) { return binary(GIRIH_OP_MAX, a, b); }
  Expr min(Expr a, Expr b) { return binary(GIRIH_OP_MIN, a, b); }
  /// Rounded up to a multiple.
  Expr alignTo(Expr a, int64_t multiple);

  uint32_t addBuffer(std::string_view name, Expr offset, Expr bytes);
  /// A weight whose bytes writeArtifact asks for; laid out in the order of these calls.
  uint32_t addStoredWeight(const WeightInfo &weight);
  uint32_t addExternalFile(std::string_view path, uint64_t bytes, uint64_t checksum);
  uint32_t addExternalWeight(const WeightInfo &weight, uint32_t file, uint64_t offset);
  uint32_t addRandomWeight(const WeightInfo &weight, uint64_t seed);
  /// All kernels are added before the versions, whose tables follow their order.
  uint32_t addKernel(std::string_view name);
  /// Best version first.
  void addVersion(VersionInfo version);
  void setFacts(std::string_view text) { facts = text; }

  // Commands are appended to the entry under construction.
  void beginEntry(std::string_view name, const std::vector<ValueInfo> &inputs,
                  const std::vector<ValueInfo> &outputs);
  void launch(const LaunchInfo &launch);
  void copy(const ArgInfo &to, const ArgInfo &from, std::string_view label = "");
  void barrier();
  /// Returns a handle; the commands until endBranch run only if condition > 0.
  uint32_t beginBranch(Expr condition);
  void endBranch(uint32_t handle);
  uint32_t beginLoop(Expr count, uint32_t counter);
  void endLoop(uint32_t handle);
  void endEntry(Expr arenaBytes);

  /// The META section's bytes.
  std::vector<uint8_t> serializeMeta() const;
  /// Bytes of the WEIGHTS section.
  uint64_t storedWeightBytes() const { return weightBytes; }
  /// Bytes of the whole file.
  uint64_t fileBytes() const;

  // The tables, open for tests that spoil them.
  std::string strings;
  std::vector<girih_property> properties;
  std::vector<girih_symbol> symbols;
  std::vector<girih_instruction> instructions;
  std::vector<girih_expression> expressions;
  std::vector<uint32_t> indices;
  std::vector<int64_t> shapes;
  std::vector<girih_buffer> buffers;
  std::vector<girih_external_file> files;
  std::vector<girih_weight> weights;
  std::vector<girih_code_version> versions;
  std::vector<girih_kernel> kernels;
  std::vector<girih_kernel_code> kernelCode;
  std::vector<girih_arg> args;
  std::vector<girih_command> commands;
  std::vector<girih_value> values;
  std::vector<girih_entry> entries;
  std::vector<std::vector<uint8_t>> images;
  std::string facts;

private:
  uint32_t addWeight(const WeightInfo &weight, uint32_t source);
  uint32_t addIndices(const std::vector<uint32_t> &list);
  void addArg(const ArgInfo &arg);
  void addValues(const std::vector<ValueInfo> &list);
  girih_command &command(uint32_t kind);
  Expr expression(std::vector<girih_instruction> code);

  std::map<std::string, uint32_t, std::less<>> stringIndex;
  std::map<std::vector<int64_t>, Expr> expressionIndex;
  uint64_t weightBytes = 0;
};

/// What went wrong while writing: `code` is "" for success, else a stable identifier: "disk-full", "cannot-write",
/// "interrupted", or the code that a weight's source returned.
struct WriteResult {
  std::string code, message;
  bool ok() const { return code.empty(); }
};

/// Fills `bytes` bytes of stored weight `weight` (its index in the weight table), starting at `offset` within the weight as
/// stored. Called in order of weights and offsets. A returned error stops the writing.
using FillWeight = std::function<WriteResult(uint32_t weight, uint64_t offset, uint8_t *data, size_t bytes)>;

struct WriteOptions {
  /// Weights are asked for in pieces of at most this many bytes (a multiple of 64).
  size_t chunkBytes = 4u << 20;
  /// Called now and then with bytes written and the file's size.
  std::function<void(uint64_t, uint64_t)> progress;
  /// Polled between pieces; true stops with "interrupted".
  std::function<bool()> interrupted;
};

/// Writes the artifact to `path`: first to an unnamed file in the same directory, which takes the name once it is complete
/// and on disk. Whatever stops the process before leaves `path` as it was. The environment variable
/// GIRIH_FAULT_WRITE_AFTER=BYTES makes the write that passes that many bytes fail as on a full disk, GIRIH_FAULT_NO_UNNAMED_FILES=1 behaves
/// as a file system without O_TMPFILE (for tests).
WriteResult writeArtifact(const ArtifactBuilder &builder, const std::string &path, const FillWeight &fill,
                          const WriteOptions &options = {});

class PendingFile;
/// Appends the artifact to an open file, which the caller goes on with and commits; it starts at a multiple of 4096.
WriteResult appendArtifact(const ArtifactBuilder &builder, PendingFile &file, const FillWeight &fill,
                           const WriteOptions &options = {});

} // namespace girih::artifact
