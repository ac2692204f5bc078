// The compiled level: a temporary artifact, run through the runtime's C ABI as any program would.
#include "Levels.h"

#include "girih-runtime/girih.h"
#include "lib/Artifact/ElementTypes.h"
#include "lib/Support/Error.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"

using namespace mlir;
using namespace girih;
using namespace girih::eval;
using girih::reference::HostTensor;
using llvm::Expected;

namespace {
struct Release {
  void operator()(girih_module *module) const { girih_module_release(module); }
  void operator()(girih_session *session) const { girih_session_release(session); }
};

llvm::Error check(girih_code code, const girih_status &status) {
  if (code == GIRIH_OK)
    return llvm::Error::success();
  return makeError(ExitStatus::Compile, girih_code_name(code), "{0}", status.message);
}

// Memory aligned for any element, with the tensor that describes it.
struct Buffer {
  std::vector<uint64_t> storage;
  girih_tensor tensor;

  void allocate() {
    storage.resize(girih_tensor_bytes(&tensor) / 8 + 1);
    tensor.data = storage.data();
  }
};

Buffer toBuffer(const HostTensor &host) {
  Buffer buffer{{}, {}};
  buffer.tensor.element_type = artifact::elementCode(host.getElementType());
  buffer.tensor.rank = host.getRank();
  llvm::copy(host.getShape(), buffer.tensor.shape);
  buffer.allocate();
  std::vector<char> bytes = host.toBytes();
  llvm::copy(bytes, static_cast<char *>(buffer.tensor.data));
  return buffer;
}

reference::TensorRef toHost(MLIRContext &context, const girih_tensor &tensor) {
  Type type = artifact::elementType(context, tensor.element_type);
  auto host = std::make_shared<HostTensor>(ArrayRef(tensor.shape, tensor.rank), type);
  host->fromBytes(ArrayRef(static_cast<const char *>(tensor.data), girih_tensor_bytes(&tensor)), type);
  return host;
}

// An entry's last results are its states, which the run left in the inputs.
void appendStates(MLIRContext &context, girih_module *module, uint32_t entry, ArrayRef<girih_tensor> inputs,
                  Tensors &results) {
  for (auto [i, tensor] : llvm::enumerate(inputs)) {
    girih_value_info info;
    if (girih_module_input(module, entry, i, &info) == GIRIH_OK && info.is_state)
      results.push_back(toHost(context, tensor));
  }
}

// One run of an entry of a loaded artifact.
Expected<Tensors> runEntry(MLIRContext &context, girih_module *module, const Request &request,
                           const Tensors &inputs) {
  girih_status status;
  uint32_t entry = 0;
  if (!request.entry.empty())
    if (llvm::Error error =
            check(girih_module_find_entry(module, request.entry.c_str(), &entry, &status), status))
      return error;
  girih_entry_info info;
  girih_module_entry(module, entry, &info);

  std::vector<Buffer> inputBuffers;
  std::vector<girih_tensor> in, out(info.output_count);
  for (const reference::TensorRef &input : inputs)
    inputBuffers.push_back(toBuffer(*input));
  for (Buffer &buffer : inputBuffers)
    in.push_back(buffer.tensor);
  if (llvm::Error error = check(
          girih_module_output_shapes(module, entry, in.data(), in.size(), out.data(), out.size(), &status),
          status))
    return error;
  std::vector<Buffer> outputBuffers(out.size());
  for (size_t i = 0; i < out.size(); ++i) {
    outputBuffers[i].tensor = out[i];
    outputBuffers[i].allocate();
    out[i] = outputBuffers[i].tensor;
  }

  girih_session_options options;
  GIRIH_INIT(options);
  options.threads = request.threads;
  girih_session *rawSession = nullptr;
  if (llvm::Error error = check(girih_session_create(module, &options, &rawSession, &status), status))
    return error;
  std::unique_ptr<girih_session, Release> session(rawSession);
  if (llvm::Error error =
          check(girih_session_run(rawSession, entry, in.data(), in.size(), out.data(), out.size(), &status),
                status))
    return error;
  Tensors results;
  for (const girih_tensor &tensor : out)
    results.push_back(toHost(context, tensor));
  appendStates(context, module, entry, in, results);
  return results;
}

llvm::Error compileTo(const Request &request, StringRef path) {
  CompileOptions options = compileOptions(request);
  if (request.randomWeights)
    options.weights = "random:" + std::to_string(*request.randomWeights);
  options.output = path.str();
  return compile(options).takeError();
}
} // namespace

Expected<Tensors> girih::eval::runCompiled(MLIRContext &context, const Request &request,
                                           const Tensors &inputs) {
  SmallString<128> path;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("girih-eval", "girih", path))
    return resourceError("disk-full", "expected to make a temporary file, but: {0}", code.message());
  llvm::FileRemover remover(path);
  if (llvm::Error error = compileTo(request, path))
    return error;
  girih_load_options load;
  GIRIH_INIT(load);
  load.code_version = request.codeVersion.empty() ? nullptr : request.codeVersion.c_str();
  girih_module *rawModule = nullptr;
  girih_status status;
  if (llvm::Error error = check(girih_module_load(path.c_str(), &load, &rawModule, &status), status))
    return error;
  std::unique_ptr<girih_module, Release> module(rawModule);
  return runEntry(context, rawModule, request, inputs);
}
