// girih._compiler: the compiler's C interface as one function. The compilation runs on a thread of its own with the GIL released, so
// that other Python threads go on, and the calling thread looks for signals: Ctrl-C stops the compilation between two steps, which
// leaves no file behind.
#include "Errors.h"
#include "Interrupt.h"

#include "girih-c/Compiler.h"

#include <nanobind/stl/string.h>

#include <atomic>

namespace nb = nanobind;
using namespace girih::python;

namespace {

const char *orNull(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

nb::dict compile(const nb::bytes &model, const nb::bytes &output, const std::string &target,
                 const std::string &dtype, int64_t maxSequence, int64_t maxBatch, const std::string &weights,
                 const std::string &contract, const nb::bytes &calibration, bool observeRanges) {
  girih_compile_options options = {};
  options.struct_bytes = sizeof(options);
  options.model = model.c_str();
  options.output = output.c_str();
  options.target = orNull(target);
  options.dtype = orNull(dtype);
  options.weights = orNull(weights);
  options.contract = orNull(contract);
  options.max_sequence = maxSequence;
  options.max_batch = maxBatch;
  options.calibration = calibration.size() ? calibration.c_str() : nullptr;
  options.observe_ranges = observeRanges;
  options.interrupted = [](void *stop) { return int(static_cast<std::atomic<bool> *>(stop)->load()); };

  girih_compile_summary summary = {};
  girih_compiler_status status = {};
  std::atomic<bool> stop = false;
  options.user = &stop;
  bool raised = runInterruptibly([&] { girih_compile(&options, &summary, &status); }, [&] { stop = true; });
  if (raised)
    throw nb::python_error();
  if (status.exit_status != 0)
    raiseError(status.message, status.code, status.exit_status);
  nb::dict result;
  result["file_bytes"] = summary.file_bytes;
  result["weight_bytes"] = summary.weight_bytes;
  result["kernels"] = summary.kernels;
  result["launches"] = summary.launches;
  return result;
}

} // namespace

NB_MODULE(_compiler, m) {
  m.def("version", &girih_compiler_version);
  m.def("compile", &compile, nb::arg("model"), nb::arg("output"), nb::arg("target"), nb::arg("dtype"),
        nb::arg("max_sequence"), nb::arg("max_batch"), nb::arg("weights"), nb::arg("contract"),
        nb::arg("calibration"), nb::arg("observe_ranges"));
}
