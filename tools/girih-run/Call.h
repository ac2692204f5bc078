// One call of an entry point: a loaded artifact, inputs read or made up, outputs allocated.
#pragma once

#include "Options.h"
#include "Report.h"
#include "Tensors.h"

#include <memory>

namespace girih::run {

struct ModuleDeleter {
  void operator()(girih_module *module) const { girih_module_release(module); }
};
struct SessionDeleter {
  void operator()(girih_session *session) const { girih_session_release(session); }
};
using Module = std::unique_ptr<girih_module, ModuleDeleter>;
using Session = std::unique_ptr<girih_session, SessionDeleter>;

Module loadModule(const Options &options);
uint32_t findEntry(girih_module *module, const Options &options);
void describe(girih_module *module);

class Call {
public:
  Call(girih_module *module, const Options &options);

  void run();
  girih_session *session() const { return opened.get(); }
  uint32_t entry() const { return entryIndex; }
  girih_statistics statistics() const;
  /// "batch=1, seq=128", as the inputs' shapes have it.
  std::string sizes() const;

  std::vector<HostTensor> inputs, outputs;
  std::vector<std::string> inputNames, outputNames;

private:
  void readInputs(const Options &options);
  void placeInput(const std::string &name, HostTensor tensor);
  void makeUpInputs(const Options &options);
  int64_t slotsFor(int64_t least, const Options &options) const;
  int64_t sizeOf(const std::string &dim, const Options &options, const std::string &input) const;
  void allocateOutputs();
  void openSession(const Options &options);

  girih_module *module;
  uint32_t entryIndex;
  std::vector<bool> given;
  Session opened;
  std::vector<girih_tensor> inputViews, outputViews;
};

/// Writes the outputs asked for and summarises the others.
void showOutputs(const Call &call, const Options &options);

} // namespace girih::run
