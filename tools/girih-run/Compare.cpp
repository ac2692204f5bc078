// Opens the compiler library, runs the reference interpreter on the call's inputs and keeps what every launch ought to compute;
// then runs the artifact and compares each launch's results as they come.
#include "Compare.h"
#include "girih-c/Compiler.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <unistd.h>

using namespace girih::run;

namespace {

struct Expected {
  std::string layers;
  std::vector<HostTensor> results;
};

/// Largest difference of one launch, relative to the tensor's largest value.
struct Difference {
  double error = 0, expected = 0, found = 0;
  size_t index = 0, result = 0;
};

class Comparison {
public:
  Comparison(girih_module *module, Call &call, const Options &options) : module(module), call(call), options(options) {}

  void runReference();
  void runArtifact();
  ExitStatus report() const;

private:
  void *openLibrary() const;
  static int keep(void *self, uint64_t launch, const char *layers, const girih_reference_tensor *results, size_t count);
  static void observe(void *self, const girih_observation *observation);
  void compare(const girih_observation &observation);
  double tolerance(uint32_t elementType) const;

  girih_module *module;
  Call &call;
  const Options &options;
  std::vector<Expected> expected; // by launch
  uint64_t compared = 0;
  bool parted = false;
  std::string where, misfit;
  Difference worst, first;
};

//===-- The reference ----------------------------------------------------------------------------------------------===//

std::string besideThisProgram(const char *relative) {
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
  std::string self(path, length > 0 ? size_t(length) : 0);
  return self.substr(0, self.rfind('/') + 1) + relative;
}

void *Comparison::openLibrary() const {
  std::vector<std::string> places = {besideThisProgram("libGirih.so"), besideThisProgram("../lib/libGirih.so"),
                                     "libGirih.so"};
  if (!options.compilerLibrary.empty())
    places = {options.compilerLibrary};
  std::string errors;
  for (const std::string &place : places) {
    if (void *library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL))
      return library;
    errors = dlerror();
  }
  throw Failure{Resource, "missing-compiler",
                "cannot open the compiler library: " + errors + "; build it, or name it with --compiler-library"};
}

int Comparison::keep(void *self, uint64_t launch, const char *layers, const girih_reference_tensor *results,
                     size_t count) {
  auto &expected = static_cast<Comparison *>(self)->expected;
  expected.resize(std::max<size_t>(expected.size(), launch + 1));
  expected[launch].layers = layers ? layers : "";
  for (size_t i = 0; i != count; ++i) {
    HostTensor tensor;
    tensor.elementType = results[i].element_type;
    tensor.shape.assign(results[i].shape, results[i].shape + results[i].rank);
    tensor.allocate();
    memcpy(tensor.data(), results[i].data, tensor.bytes());
    expected[launch].results.push_back(std::move(tensor));
  }
  return 0;
}

void Comparison::runReference() {
  auto *run = reinterpret_cast<decltype(&girih_reference_run)>(dlsym(openLibrary(), "girih_reference_run"));
  if (!run)
    throw Failure{Resource, "missing-compiler", "the compiler library has no girih_reference_run; it is of another version"};
  auto property = [&](const char *key) { return girih_module_property(module, key); };
  // The symbols' bounds are those that the model was compiled with; 0 lets the importer choose.
  auto bound = [&](const char *name) {
    girih_symbol_info symbol;
    for (uint32_t i = 0; girih_module_symbol(module, i, &symbol) == GIRIH_OK; ++i)
      if (strcmp(symbol.name, name) == 0)
        return symbol.max;
    return int64_t(0);
  };
  girih_compile_options compile = {};
  compile.struct_bytes = sizeof(compile);
  compile.model = options.compareModel.c_str();
  compile.target = property("target");
  compile.dtype = property("dtype");
  compile.weights = property("weights");
  compile.contract = property("contract");
  compile.calibration = options.calibration.empty() ? nullptr : options.calibration.c_str();
  compile.max_sequence = bound("seq");
  compile.max_batch = bound("batch");
  std::vector<girih_reference_tensor> inputs;
  for (const HostTensor &input : call.inputs)
    inputs.push_back({input.data(), input.elementType, uint32_t(input.shape.size()), input.shape.data()});
  girih_entry_info entry;
  girih_module_entry(module, call.entry(), &entry);
  girih_compiler_status status = {};
  if (int code = run(&compile, entry.name, inputs.data(), inputs.size(), keep, this, &status))
    throw Failure{ExitStatus(code), status.code, status.message};
}

//===-- The artifact beside it -------------------------------------------------------------------------------------===//

double Comparison::tolerance(uint32_t elementType) const {
  if (options.tolerance > 0)
    return options.tolerance;
  const char *dtype = girih_module_property(module, "dtype");
  if (dtype && strcmp(dtype, "int8") == 0)
    return 5e-2;
  bool isLow = elementType == GIRIH_BF16 || elementType == GIRIH_F16 || (dtype && strcmp(dtype, "f32") != 0);
  return isLow ? 2e-2 : 1e-4;
}

Difference differ(const HostTensor &expected, const void *found) {
  Difference worst;
  double scale = 0;
  for (size_t i = 0, count = expected.count(); i != count; ++i)
    scale = std::fmax(scale, std::fabs(expected.value(i)));
  for (size_t i = 0, count = expected.count(); i != count; ++i) {
    double e = expected.value(i), f = toDouble(found, expected.elementType, i);
    double error = e == f ? 0 : std::fabs(e - f) / std::fmax(scale, 1e-30);
    if (std::isnan(error) && !(std::isnan(e) && std::isnan(f)))
      error = INFINITY;
    if (error > worst.error)
      worst = {error, e, f, i, 0};
  }
  return worst;
}

void Comparison::observe(void *self, const girih_observation *observation) {
  static_cast<Comparison *>(self)->compare(*observation);
}

/// Integers count units of their rows, so that what differs a little before differs by many of them; what a layer makes of them is compared.
bool isQuantization(const Expected &launch) {
  for (const HostTensor &result : launch.results)
    if (result.elementType == GIRIH_I8)
      return true;
  return false;
}

void Comparison::compare(const girih_observation &o) {
  if (parted || o.launch >= expected.size() || expected[o.launch].results.size() > o.arg_count)
    return;
  const Expected &reference = expected[o.launch];
  if (isQuantization(reference))
    return;
  size_t count = reference.results.size();
  for (size_t i = 0; i != count; ++i) {
    const girih_observed_arg &arg = o.args[o.arg_count - count + i];
    const HostTensor &result = reference.results[i];
    ++compared;
    if (arg.bytes < result.bytes()) {
      parted = true;
      misfit = "launch '" + std::string(o.label) + "' computes " + std::to_string(arg.bytes) + " bytes but the reference " +
               std::to_string(result.bytes());
      return;
    }
    Difference difference = differ(result, arg.data);
    difference.result = i;
    if (difference.error > worst.error)
      worst = difference;
    if (difference.error > tolerance(result.elementType)) {
      parted = true;
      first = difference;
      where = std::string(o.label) + " (launch " + std::to_string(o.launch) + ", kernel " + o.kernel + ")";
      return;
    }
  }
}

void Comparison::runArtifact() {
  girih_session_set_observer(call.session(), observe, this);
  call.run();
  girih_session_set_observer(call.session(), nullptr, nullptr);
  if (compared == 0)
    misfit = "the reference and the artifact have no launch in common";
  if (!misfit.empty())
    throw Failure{BadInput, "wrong-model", misfit + "; was the artifact compiled from this model?"};
}

ExitStatus Comparison::report() const {
  if (!parted) {
    printf("%llu results of %zu launches agree with the reference; the largest relative difference is %.3g\n",
           static_cast<unsigned long long>(compared), expected.size(), worst.error);
    return Success;
  }
  printf("the reference and the artifact part at %s\n", where.c_str());
  printf("  result %zu, element %zu: expected %.9g but found %.9g, a relative difference of %.3g\n", first.result,
         first.index, first.expected, first.found, first.error);
  return Differs;
}

} // namespace

ExitStatus girih::run::compareReference(girih_module *module, Call &call, const Options &options) {
  Comparison comparison(module, call, options);
  comparison.runReference();
  comparison.runArtifact();
  return comparison.report();
}
