// The C ABI of libGirih.so over Compiler.h: structures in, status out, nothing thrown.
#include "girih-c/Compiler.h"

#include "lib/Artifact/ElementTypes.h"
#include "lib/Pipelines/ReferenceRun.h"
#include "lib/Support/Error.h"

#include <cstring>

using namespace mlir;
using namespace girih;

static void copyText(char *to, size_t room, StringRef text) {
  size_t bytes = std::min(room - 1, text.size());
  memcpy(to, text.data(), bytes);
  to[bytes] = 0;
}

/// Fills `status` from `error` and returns the exit status.
static int report(llvm::Error error, girih_compiler_status *status) {
  girih_compiler_status local;
  if (!status)
    status = &local;
  memset(status, 0, sizeof(*status));
  auto fill = [&](ExitStatus exit, StringRef code, StringRef message) {
    status->exit_status = static_cast<int>(exit);
    copyText(status->code, sizeof(status->code), code);
    copyText(status->message, sizeof(status->message), message);
  };
  llvm::handleAllErrors(
      std::move(error), [&](const Error &e) { fill(e.getStatus(), e.getCode(), e.getMessage()); },
      [&](const llvm::ErrorInfoBase &e) { fill(ExitStatus::Internal, "internal", e.message()); });
  return status->exit_status;
}

static std::string text(const char *value, StringRef fallback) { return value ? value : fallback.str(); }

static CompileOptions translate(const girih_compile_options &from) {
  CompileOptions options;
  options.model = text(from.model, "");
  options.output = text(from.output, "");
  options.target = text(from.target, "");
  options.dtype = text(from.dtype, options.dtype);
  options.weights = text(from.weights, options.weights);
  options.contract = text(from.contract, "");
  options.emit = text(from.emit, options.emit);
  options.from = text(from.from, "");
  options.calibration = text(from.calibration, "");
  options.observeRanges = from.observe_ranges;
  options.maxSequence = from.max_sequence;
  options.maxBatch = from.max_batch;
  if (from.progress)
    options.progress = [from](StringRef step, uint64_t done, uint64_t total) {
      from.progress(from.user, step.str().c_str(), done, total);
    };
  if (from.remark)
    options.remark = [from](StringRef remark) { from.remark(from.user, remark.str().c_str()); };
  if (from.interrupted)
    options.interrupted = [from] { return from.interrupted(from.user) != 0; };
  return options;
}

/// Reads as much of the caller's structure as both sides know.
static llvm::Expected<CompileOptions> readOptions(const girih_compile_options *options) {
  if (!options || options->struct_bytes < sizeof(size_t))
    return makeError(ExitStatus::Usage, "bad-option", "expected options with struct_bytes set to their size");
  girih_compile_options known = {};
  memcpy(&known, options, std::min(options->struct_bytes, sizeof(known)));
  if (!known.model)
    return makeError(ExitStatus::Usage, "bad-option", "expected a model but found NULL");
  return translate(known);
}

int girih_compile(const girih_compile_options *options, girih_compile_summary *summary,
                  girih_compiler_status *status) {
  llvm::Expected<CompileOptions> read = readOptions(options);
  if (!read)
    return report(read.takeError(), status);
  llvm::Expected<CompileSummary> result = compile(*read);
  if (!result)
    return report(result.takeError(), status);
  if (summary)
    *summary = {result->fileBytes, result->weightBytes, result->kernels, result->launches};
  return report(llvm::Error::success(), status);
}

//===- The reference
//------------------------------------------------------------------------------------------------===//

static std::vector<reference::TensorRef> hostTensors(MLIRContext &context,
                                                     ArrayRef<girih_reference_tensor> tensors) {
  std::vector<reference::TensorRef> result;
  for (const girih_reference_tensor &tensor : tensors) {
    Type type = artifact::elementType(context, tensor.element_type);
    auto host = std::make_shared<reference::HostTensor>(ArrayRef(tensor.shape, tensor.rank), type);
    auto *bytes = static_cast<const char *>(tensor.data);
    host->fromBytes(ArrayRef(bytes, host->size() * reference::storedBytes(type)), type);
    result.push_back(std::move(host));
  }
  return result;
}

static bool observe(girih_reference_observer observer, void *user, size_t launch, StringRef layers,
                    ArrayRef<reference::TensorRef> results) {
  std::vector<std::vector<char>> bytes;
  std::vector<girih_reference_tensor> tensors;
  for (const reference::TensorRef &result : results) {
    bytes.push_back(result->toBytes());
    tensors.push_back({bytes.back().data(), artifact::elementCode(result->getElementType()),
                       static_cast<uint32_t>(result->getRank()), result->getShape().data()});
  }
  return observer(user, launch, layers.str().c_str(), tensors.data(), tensors.size()) == 0;
}

int girih_reference_run(const girih_compile_options *options, const char *entry,
                        const girih_reference_tensor *inputs, size_t input_count,
                        girih_reference_observer observer, void *user, girih_compiler_status *status) {
  llvm::Expected<CompileOptions> read = readOptions(options);
  if (!read)
    return report(read.takeError(), status);
  auto makeInputs = [&](MLIRContext &context) { return hostTensors(context, ArrayRef(inputs, input_count)); };
  auto onLaunch = [&](size_t launch, StringRef layers, ArrayRef<reference::TensorRef> results) {
    return observe(observer, user, launch, layers, results);
  };
  return report(runReference(*read, text(entry, ""), makeInputs, onLaunch), status);
}

const char *girih_compiler_version(void) { return GIRIH_VERSION; }
