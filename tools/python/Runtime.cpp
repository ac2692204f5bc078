// girih._runtime: an artifact loaded by the runtime's C ABI as one Python class, and a decoder's sequences as
// another. The GIL is released while loading and running; calls on one model take turns by a mutex, since a
// session runs one thing at a time. Outputs are fresh NumPy arrays.
#include "Errors.h"
#include "Interrupt.h"

#include "girih-runtime/girih.h"
#include "tools/girih-run/Machine.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>

namespace nb = nanobind;
using namespace girih::python;

namespace {

using Array = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

/// The command-line tools' exit status for a runtime code.
int statusOf(girih_code code) {
  switch (code) {
  case GIRIH_OUT_OF_MEMORY:
  case GIRIH_UNSUPPORTED_CPU:
  case GIRIH_BUSY:
  case GIRIH_CACHE_FULL:
  case GIRIH_CANNOT_WRITE:
  case GIRIH_MISSING_LIBRARY:
  case GIRIH_MISSING_DRIVER:
  case GIRIH_OLD_DRIVER:
  case GIRIH_MISSING_DEVICE:
  case GIRIH_UNSUPPORTED_DEVICE:
  case GIRIH_OUT_OF_DEVICE_MEMORY:
    return 4;
  case GIRIH_CANCELLED:
  case GIRIH_INVALID_ARGUMENT:
  case GIRIH_UNKNOWN_ENTRY:
  case GIRIH_WRONG_MODEL:
    return 2;
  case GIRIH_MACHINE_FAILED:
  case GIRIH_DEVICE_LOST:
    return 5;
  default:
    return 3;
  }
}

void check(const girih_status &status) {
  if (status.code != GIRIH_OK)
    raiseError(status.message, girih_code_name(status.code), statusOf(status.code));
}

struct ElementType {
  uint32_t code;
  const char *name;
  nb::dlpack::dtype type;
};

constexpr ElementType elementTypes[] = {
    {GIRIH_F32, "float32", {uint8_t(nb::dlpack::dtype_code::Float), 32, 1}},
    {GIRIH_F16, "float16", {uint8_t(nb::dlpack::dtype_code::Float), 16, 1}},
    {GIRIH_BF16, "bfloat16", {uint8_t(nb::dlpack::dtype_code::Bfloat), 16, 1}},
    {GIRIH_I32, "int32", {uint8_t(nb::dlpack::dtype_code::Int), 32, 1}},
    {GIRIH_I8, "int8", {uint8_t(nb::dlpack::dtype_code::Int), 8, 1}},
    {GIRIH_I1, "bool", {uint8_t(nb::dlpack::dtype_code::Bool), 8, 1}},
};

const ElementType *findType(uint32_t code) {
  for (const ElementType &type : elementTypes)
    if (type.code == code)
      return &type;
  return nullptr;
}

girih_tensor toTensor(const Array &array) {
  girih_tensor tensor = {};
  for (const ElementType &type : elementTypes)
    if (array.dtype() == type.type)
      tensor.element_type = type.code;
  if (!tensor.element_type || array.ndim() > GIRIH_MAX_RANK)
    raiseError("expected an array of float32, float16, int32, int8 or bool with at most 8 dimensions",
               "type-mismatch", 2);
  tensor.data = const_cast<void *>(array.data());
  tensor.rank = uint32_t(array.ndim());
  for (size_t d = 0; d < array.ndim(); ++d)
    tensor.shape[d] = int64_t(array.shape(d));
  return tensor;
}

/// A NumPy array over `data`, which it owns. NumPy has no bfloat16: those become float32.
nb::object toNumpy(std::unique_ptr<char[]> data, const girih_tensor &tensor) {
  const ElementType *type = findType(tensor.element_type);
  if (tensor.element_type == GIRIH_BF16) {
    uint64_t count = girih_tensor_bytes(&tensor) / 2;
    std::unique_ptr<char[]> wide(new char[count * 4]());
    for (uint64_t i = 0; i < count; ++i) // little-endian: the bfloat16 is the float's upper half
      std::memcpy(wide.get() + 4 * i + 2, data.get() + 2 * i, 2);
    data = std::move(wide);
    type = findType(GIRIH_F32);
  }
  size_t shape[GIRIH_MAX_RANK];
  for (uint32_t d = 0; d < tensor.rank; ++d)
    shape[d] = size_t(tensor.shape[d]);
  char *raw = data.release();
  nb::capsule owner(raw, [](void *p) noexcept { delete[] static_cast<char *>(p); });
  return nb::cast(nb::ndarray<nb::numpy>(raw, tensor.rank, shape, owner, nullptr, type->type));
}

/// A girih_sequence with its owner's hold.
class Sequence {
public:
  explicit Sequence(girih_sequence *handle) : handle(handle) {}
  Sequence(Sequence &&other) noexcept : handle(other.handle) { other.handle = nullptr; }
  Sequence(const Sequence &) = delete;
  ~Sequence() { release(); }

  girih_sequence *get() const {
    if (!handle)
      raiseError("the session is closed; open another one", "invalid-argument", 2);
    return handle;
  }
  void release() {
    girih_sequence_release(handle);
    handle = nullptr;
  }
  int64_t length() const { return girih_sequence_length(get()); }
  std::vector<int32_t> tokens() const {
    const int32_t *tokens = girih_sequence_tokens(get());
    return {tokens, tokens + length()};
  }
  Sequence fork() const {
    girih_status status = {};
    girih_sequence *result = nullptr;
    girih_sequence_fork(get(), &result, &status);
    check(status);
    return Sequence(result);
  }
  void truncate(int64_t length) const {
    girih_status status = {};
    girih_sequence_truncate(get(), length, &status);
    check(status);
  }
  void save(const nb::bytes &path) const {
    girih_status status = {};
    girih_sequence *sequence = get();
    {
      nb::gil_scoped_release released;
      girih_sequence_save(sequence, path.c_str(), &status);
    }
    check(status);
  }

private:
  girih_sequence *handle;
};

/// temperature, top_k, top_p, min_p, repetition_penalty, seed
using Sampling = std::tuple<float, int32_t, float, float, float, int32_t>;
using Tokens = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

class Model {
public:
  Model(const nb::bytes &path, uint32_t threads, int64_t cacheTokens, int64_t pageTokens)
      : cacheTokens(cacheTokens), pageTokens(pageTokens) {
    girih_status status = {};
    {
      nb::gil_scoped_release released;
      girih_session_options options;
      GIRIH_INIT(options);
      options.threads = threads;
      if (girih_module_load(path.c_str(), nullptr, &module, &status) == GIRIH_OK)
        girih_session_create(module, &options, &session, &status);
    }
    if (status.code != GIRIH_OK)
      release();
    check(status);
  }
  ~Model() { release(); }
  Model(const Model &) = delete;

  nb::list entries() const;
  nb::dict limits() const;
  nb::object property(const std::string &key) const {
    const char *text = girih_module_property(module, key.c_str());
    return text ? toText(text) : nb::none();
  }
  nb::dict statistics() const;
  std::string facts() const {
    girih_module_info about;
    girih_module_describe(module, &about);
    return about.facts;
  }
  void timeOnly() { girih_module_machine_time_only(module); }
  std::string machineReport() {
    std::string text(girih_module_machine_report(module, /*json=*/1, nullptr, 0), '\0');
    girih_module_machine_report(module, /*json=*/1, text.data(), text.size() + 1);
    return text;
  }
  nb::list run(uint32_t entry, const std::vector<Array> &inputs);

  nb::dict describeCache();
  Sequence openSequence();
  Sequence loadSequence(const nb::bytes &path);
  nb::tuple step(const std::vector<Sequence *> &sequences, const std::vector<Tokens> &tokens,
                 const std::vector<Sampling> &sampling, bool wantsLogits);

private:
  girih_cache *openCache();
  template <typename Work> void takeTurn(size_t tokens, Work work);
  void release() {
    girih_cache_release(cache);
    if (session)
      girih_session_release(session);
    if (module)
      girih_module_release(module);
  }

  girih_module *module = nullptr;
  girih_session *session = nullptr;
  girih_cache *cache = nullptr; // made when first asked for: encoders have none
  int64_t cacheTokens, pageTokens;
  mutable std::mutex turn, cacheTurn;
};

nb::tuple describe(const girih_value_info &value) {
  nb::list dims;
  for (uint32_t d = 0; d < value.rank; ++d) {
    std::string text = value.dims[d];
    bool number = text.find_first_not_of("0123456789") == std::string::npos;
    dims.append(number ? nb::cast(std::stoll(text)) : nb::cast(text));
  }
  const ElementType *type = findType(value.element_type);
  return nb::make_tuple(value.name, type ? type->name : "unknown", nb::tuple(dims), bool(value.is_state));
}

nb::list Model::entries() const {
  girih_module_info about;
  girih_module_describe(module, &about);
  nb::list result;
  for (uint32_t e = 0; e < about.entry_count; ++e) {
    girih_entry_info entry;
    girih_module_entry(module, e, &entry);
    nb::list inputs, outputs;
    girih_value_info value;
    for (uint32_t i = 0; i < entry.input_count; ++i)
      if (girih_module_input(module, e, i, &value) == GIRIH_OK)
        inputs.append(describe(value));
    for (uint32_t i = 0; i < entry.output_count; ++i)
      if (girih_module_output(module, e, i, &value) == GIRIH_OK)
        outputs.append(describe(value));
    result.append(nb::make_tuple(entry.name, entry.launch_count, nb::tuple(inputs), nb::tuple(outputs)));
  }
  return result;
}

nb::dict Model::limits() const {
  girih_module_info about;
  girih_module_describe(module, &about);
  nb::dict result;
  for (uint32_t i = 0; i < about.symbol_count; ++i) {
    girih_symbol_info symbol;
    if (girih_module_symbol(module, i, &symbol) == GIRIH_OK)
      result[symbol.name] = nb::make_tuple(symbol.min, symbol.max);
  }
  return result;
}

nb::dict Model::statistics() const {
  std::lock_guard lock(turn);
  girih_statistics s;
  girih_session_statistics(session, &s);
  nb::dict result;
  result["seconds"] = double(s.nanoseconds) * 1e-9;
  result["launches"] = s.launches;
  result["flops"] = s.flops;
  result["bytes"] = s.bytes;
  result["arena_bytes"] = s.arena_bytes;
  result["threads"] = s.threads;
  return result;
}

/// Calls work() when it is its turn. Ctrl-C cancels it, and not another thread's before it; work on so few
/// tokens that it is over before anybody would is spared the thread that this takes.
template <typename Work> void Model::takeTurn(size_t tokens, Work work) {
  constexpr size_t few = 8;
  if (tokens <= few) {
    nb::gil_scoped_release released;
    std::lock_guard lock(turn);
    return work();
  }
  std::atomic<bool> stop = false, running = false;
  auto inTurn = [&] {
    std::lock_guard lock(turn);
    running = true;
    if (!stop)
      work();
    running = false;
  };
  auto cancel = [&] {
    stop = true;
    if (running)
      girih_session_cancel(session);
  };
  if (runInterruptibly(inTurn, cancel))
    throw nb::python_error();
}

nb::list Model::run(uint32_t entry, const std::vector<Array> &arrays) {
  girih_entry_info about;
  if (girih_module_entry(module, entry, &about) != GIRIH_OK)
    raiseError("there is no entry point of number " + std::to_string(entry), "unknown-entry", 2);
  std::vector<girih_tensor> inputs, outputs(about.output_count);
  for (const Array &array : arrays)
    inputs.push_back(toTensor(array));
  girih_status status = {};
  std::vector<std::unique_ptr<char[]>> data;
  girih_module_output_shapes(module, entry, inputs.data(), uint32_t(inputs.size()), outputs.data(),
                             about.output_count, &status);
  check(status);
  for (girih_tensor &output : outputs) {
    data.emplace_back(new char[girih_tensor_bytes(&output) + 1]);
    output.data = data.back().get();
  }
  takeTurn(arrays.empty() ? 0 : arrays.front().size(), [&] {
    girih_session_run(session, entry, inputs.data(), uint32_t(inputs.size()), outputs.data(),
                      about.output_count, &status);
  });
  check(status);
  nb::list results;
  for (size_t i = 0; i < outputs.size(); ++i)
    results.append(toNumpy(std::move(data[i]), outputs[i]));
  return results;
}

//===-- Sequences
//--------------------------------------------------------------------------------------------------===//

girih_cache *Model::openCache() {
  std::lock_guard lock(cacheTurn);
  girih_cache_options options;
  GIRIH_INIT(options);
  options.tokens = cacheTokens;
  options.page_tokens = pageTokens;
  girih_status status = {};
  if (!cache)
    girih_cache_create(module, &options, &cache, &status);
  check(status);
  return cache;
}

nb::dict Model::describeCache() {
  girih_cache_info info;
  girih_cache_describe(openCache(), &info);
  nb::dict result;
  result["tokens"] = info.tokens;
  result["page_size"] = info.page_tokens;
  result["pages"] = info.pages;
  result["free_pages"] = info.free_pages;
  result["longest"] = info.longest;
  result["vocabulary"] = info.vocabulary;
  result["bytes"] = info.bytes;
  return result;
}

Sequence Model::openSequence() {
  girih_status status = {};
  girih_sequence *result = nullptr;
  girih_sequence_create(openCache(), &result, &status);
  check(status);
  return Sequence(result);
}

Sequence Model::loadSequence(const nb::bytes &path) {
  girih_cache *into = openCache();
  girih_status status = {};
  girih_sequence *result = nullptr;
  {
    nb::gil_scoped_release released;
    girih_sequence_load(into, path.c_str(), &result, &status);
  }
  check(status);
  return Sequence(result);
}

/// (next tokens, logits or None).
nb::tuple Model::step(const std::vector<Sequence *> &sequences, const std::vector<Tokens> &tokens,
                      const std::vector<Sampling> &sampling, bool wantsLogits) {
  if (tokens.size() != sequences.size() || sampling.size() != sequences.size())
    raiseError("expected as many lists of tokens and choices as sessions", "invalid-argument", 2);
  girih_cache_info info;
  girih_cache_describe(openCache(), &info);
  std::vector<girih_sequence *> handles;
  std::vector<const int32_t *> data;
  std::vector<uint32_t> counts;
  std::vector<girih_sampling> choices;
  std::vector<int32_t> next(sequences.size());
  size_t longest = 0;
  for (size_t i = 0; i != sequences.size(); ++i) {
    handles.push_back(sequences[i]->get());
    data.push_back(tokens[i].data());
    counts.push_back(uint32_t(tokens[i].size()));
    auto [temperature, topK, topP, minP, penalty, seed] = sampling[i];
    choices.push_back({temperature, topK, topP, minP, penalty, seed});
    longest = std::max(longest, tokens[i].size());
  }
  girih_tensor shape = {nullptr, GIRIH_F32, 2, {int64_t(sequences.size()), info.vocabulary}};
  std::unique_ptr<char[]> logits(wantsLogits ? new char[girih_tensor_bytes(&shape) + 1] : nullptr);
  girih_step step;
  GIRIH_INIT(step);
  step.rows = uint32_t(handles.size());
  step.sequences = handles.data();
  step.tokens = data.data();
  step.token_counts = counts.data();
  step.sampling = choices.data();
  step.next = next.data();
  step.logits = reinterpret_cast<float *>(logits.get());
  girih_status status = {};
  takeTurn(longest, [&] { girih_session_step(session, &step, &status); });
  check(status);
  return nb::make_tuple(next, wantsLogits ? toNumpy(std::move(logits), shape) : nb::none());
}

nb::tuple measurePeaks(uint32_t threads) {
  girih::run::MachinePeaks peaks;
  {
    nb::gil_scoped_release released;
    peaks = girih::run::measurePeaks(threads);
  }
  return nb::make_tuple(peaks.gflops, peaks.gigabytesPerSecond);
}

} // namespace

NB_MODULE(_runtime, m) {
  m.def("version", &girih_runtime_version);
  m.def("measure_peaks", &measurePeaks, nb::arg("threads"));
  nb::class_<Sequence>(m, "Sequence")
      .def("length", &Sequence::length)
      .def("tokens", &Sequence::tokens)
      .def("fork", &Sequence::fork)
      .def("truncate", &Sequence::truncate, nb::arg("length"))
      .def("save", &Sequence::save, nb::arg("path"))
      .def("release", &Sequence::release);
  nb::class_<Model>(m, "Model")
      .def(nb::init<const nb::bytes &, uint32_t, int64_t, int64_t>(), nb::arg("path"), nb::arg("threads"),
           nb::arg("cache_tokens"), nb::arg("page_tokens"))
      .def("entries", &Model::entries)
      .def("limits", &Model::limits)
      .def("property", &Model::property, nb::arg("key"))
      .def("statistics", &Model::statistics)
      .def("facts", &Model::facts)
      .def("time_only", &Model::timeOnly)
      .def("machine_report", &Model::machineReport)
      .def("run", &Model::run, nb::arg("entry"), nb::arg("inputs"))
      .def("cache", &Model::describeCache)
      .def("open_sequence", &Model::openSequence)
      .def("load_sequence", &Model::loadSequence, nb::arg("path"))
      .def("step", &Model::step, nb::arg("sequences"), nb::arg("tokens"), nb::arg("sampling"),
           nb::arg("logits"));
}
