// Prepares and runs one call.
#include "Call.h"
#include "Decoder.h"
#include "Npy.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace girih::run;

Module girih::run::loadModule(const Options &options) {
  girih_load_options load;
  GIRIH_INIT(load);
  load.code_version = options.code.empty() ? nullptr : options.code.c_str();
  girih_module *module = nullptr;
  girih_status status;
  check(girih_module_load(options.artifact.c_str(), &load, &module, &status), status, options.artifact);
  return Module(module);
}

uint32_t girih::run::findEntry(girih_module *module, const Options &options) {
  uint32_t entry = 0;
  girih_status status;
  if (!options.entry.empty())
    check(girih_module_find_entry(module, options.entry.c_str(), &entry, &status), status);
  return entry;
}

//===-- Inputs -----------------------------------------------------------------------------------------------------===//

Call::Call(girih_module *module, const Options &options) : module(module), entryIndex(findEntry(module, options)) {
  girih_entry_info info;
  girih_module_entry(module, entryIndex, &info);
  inputs.resize(info.input_count);
  outputs.resize(info.output_count);
  given.resize(info.input_count);
  girih_value_info value;
  for (uint32_t i = 0; i != info.input_count; ++i) {
    girih_module_input(module, entryIndex, i, &value);
    inputNames.push_back(value.name);
  }
  for (uint32_t i = 0; i != info.output_count; ++i) {
    girih_module_output(module, entryIndex, i, &value);
    outputNames.push_back(value.name);
  }
  readInputs(options);
  makeUpInputs(options);
  allocateOutputs();
  openSession(options);
}

void Call::readInputs(const Options &options) {
  for (const std::string &text : options.inputs) {
    size_t equals = text.find('=');
    if (equals != std::string::npos) {
      placeInput(text.substr(0, equals), readNpy(text.substr(equals + 1)));
      continue;
    }
    size_t next = 0;
    while (next != given.size() && given[next])
      ++next;
    if (next == given.size())
      throw Failure{Usage, "usage", "expected at most " + std::to_string(given.size()) + " inputs"};
    placeInput(inputNames[next], readNpy(text));
  }
}

void Call::placeInput(const std::string &name, HostTensor tensor) {
  for (uint32_t i = 0; i != inputNames.size(); ++i) {
    if (inputNames[i] != name)
      continue;
    if (given[i])
      throw Failure{Usage, "usage", "expected input '" + name + "' once but it is given again"};
    girih_value_info info;
    girih_module_input(module, entryIndex, i, &info);
    inputs[i] = tensor.elementType == info.element_type ? std::move(tensor) : convert(tensor, info.element_type, name);
    given[i] = true;
    return;
  }
  throw Failure{Usage, "usage", "the entry point has no input '" + name + "'; its first is '" + inputNames[0] + "'"};
}

/// A decoder's cache, where nothing says how large: room for the tables of all rows.
int64_t Call::slotsFor(int64_t least, const Options &options) const {
  girih_value_info info;
  for (uint32_t i = 0; i != inputs.size(); ++i) {
    girih_module_input(module, entryIndex, i, &info);
    if (strcmp(info.name, "table") == 0 && info.rank == 2)
      return std::max(least, sizeOf(info.dims[0], options, info.name) * sizeOf(info.dims[1], options, info.name));
  }
  return least;
}

/// The size of a dim that is a number or a symbol, from --shape, from inputs read, or the symbol's least.
int64_t Call::sizeOf(const std::string &dim, const Options &options, const std::string &input) const {
  if (dim.find_first_not_of("0123456789") == std::string::npos)
    return strtoll(dim.c_str(), nullptr, 10);
  if (auto it = options.shape.find(dim); it != options.shape.end())
    return it->second;
  girih_value_info info;
  for (uint32_t i = 0; i != inputs.size(); ++i) {
    girih_module_input(module, entryIndex, i, &info);
    for (uint32_t d = 0; given[i] && d != info.rank && d < inputs[i].shape.size(); ++d)
      if (dim == info.dims[d])
        return inputs[i].shape[d];
  }
  girih_symbol_info symbol;
  for (uint32_t i = 0; girih_module_symbol(module, i, &symbol) == GIRIH_OK; ++i)
    if (dim == symbol.name)
      return dim == "slots" ? std::min(symbol.max, slotsFor(symbol.min, options)) : symbol.min;
  throw Failure{Usage, "usage", "cannot make up input '" + input + "' whose dimension is " + dim + "; give it with --input"};
}

void Call::makeUpInputs(const Options &options) {
  for (const auto &[name, size] : options.shape) {
    girih_symbol_info symbol;
    bool found = false;
    for (uint32_t i = 0; girih_module_symbol(module, i, &symbol) == GIRIH_OK; ++i)
      found |= name == symbol.name;
    if (!found)
      throw Failure{Usage, "usage", "the artifact has no symbol '" + name + "'"};
  }
  std::vector<MadeUp> all(inputs.size());
  bool isDecoder = false;
  for (uint32_t i = 0; i != inputs.size(); ++i) {
    girih_value_info &info = all[i].info;
    girih_module_input(module, entryIndex, i, &info);
    all[i].tensor = &inputs[i];
    isDecoder |= info.is_state != 0;
    if (given[i])
      continue;
    inputs[i].elementType = info.element_type;
    uint64_t bytes = girih_element_bytes(info.element_type);
    for (uint32_t d = 0; d != info.rank; ++d) {
      inputs[i].shape.push_back(sizeOf(info.dims[d], options, info.name));
      if (__builtin_mul_overflow(bytes, uint64_t(inputs[i].shape.back()), &bytes) || bytes >> 40)
        throw Failure{BadInput, "size-out-of-bounds", std::string("input '") + info.name + "' would exceed 1 TiB"};
    }
    inputs[i].allocate();
  }
  for (uint32_t i = 0; i != inputs.size(); ++i)
    if (!given[i] && !(isDecoder && makeUpForDecoder(all[i], all, options.seed)))
      makeUp(inputs[i], all[i].info, options.seed + i);
}

//===-- Running ----------------------------------------------------------------------------------------------------===//

void Call::allocateOutputs() {
  for (const HostTensor &input : inputs)
    inputViews.push_back(input.view());
  outputViews.resize(outputs.size());
  girih_status status;
  check(girih_module_output_shapes(module, entryIndex, inputViews.data(), inputViews.size(), outputViews.data(),
                                   outputViews.size(), &status),
        status);
  for (size_t i = 0; i != outputs.size(); ++i) {
    outputs[i].elementType = outputViews[i].element_type;
    outputs[i].shape.assign(outputViews[i].shape, outputViews[i].shape + outputViews[i].rank);
    outputs[i].allocate();
    outputViews[i] = outputs[i].view();
  }
}

void Call::openSession(const Options &options) {
  girih_session_options session;
  GIRIH_INIT(session);
  session.threads = options.threads;
  girih_session *result = nullptr;
  girih_status status;
  check(girih_session_create(module, &session, &result, &status), status);
  opened.reset(result);
}

void Call::run() {
  girih_status status;
  check(girih_session_run(opened.get(), entryIndex, inputViews.data(), inputViews.size(), outputViews.data(),
                          outputViews.size(), &status),
        status);
}

girih_statistics Call::statistics() const {
  girih_statistics result;
  girih_session_statistics(opened.get(), &result);
  return result;
}

std::string Call::sizes() const {
  std::string text;
  girih_symbol_info symbol;
  girih_value_info info;
  for (uint32_t s = 0; girih_module_symbol(module, s, &symbol) == GIRIH_OK; ++s) {
    bool found = false;
    for (uint32_t i = 0; i != inputs.size() && !found; ++i) {
      girih_module_input(module, entryIndex, i, &info);
      for (uint32_t d = 0; d != info.rank && !found; ++d)
        if (strcmp(info.dims[d], symbol.name) == 0) {
          text += (text.empty() ? "" : ", ") + std::string(symbol.name) + "=" + std::to_string(inputs[i].shape[d]);
          found = true;
        }
    }
  }
  return text;
}

void girih::run::showOutputs(const Call &call, const Options &options) {
  for (const auto &[name, path] : options.outputs) {
    bool found = false;
    for (size_t i = 0; i != call.outputs.size(); ++i)
      if (call.outputNames[i] == name) {
        writeNpy(path, call.outputs[i]);
        printf("%s: %s %s written to %s\n", name.c_str(), typeName(call.outputs[i].elementType),
               shapeText(call.outputs[i].shape).c_str(), path.c_str());
        found = true;
      }
    if (!found)
      throw Failure{Usage, "usage", "the entry point has no output '" + name + "'; its first is '" + call.outputNames[0] + "'"};
  }
  for (size_t i = 0; i != call.outputs.size(); ++i)
    if (!options.outputs.contains(call.outputNames[i]))
      printf("%s: %s\n", call.outputNames[i].c_str(), summary(call.outputs[i]).c_str());
}
