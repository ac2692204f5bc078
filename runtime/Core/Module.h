// A loaded artifact: verified tables over the mapped file, code mapped for this CPU, and where every weight lies. Immutable
// once loaded, counted by its caller and its sessions.
#pragma once

#include "ArtifactFile.h"
#include "Machine.h"
#include "SizeExpression.h"
#include "runtime/CPU/Memory.h"

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace girih::runtime {

using KernelFunction = void (*)(const int64_t *args, const int64_t *block, void *scratch);

class Module {
public:
  static girih_code load(const char *path, const girih_load_options &options, Module *&module, girih_status *status);
  static girih_code load(std::span<const uint8_t> bytes, const girih_load_options &options, Module *&module,
                         girih_status *status);
  void retain() { references.fetch_add(1, std::memory_order_relaxed); }
  void release();

  const Tables &tables() const { return t; }
  const ArtifactFile &file() const { return artifact; }
  const char *versionName() const { return t.string(t.versions[version].name); }
  const char *facts() const { return factsText.c_str(); }
  uint64_t codeBytes() const {
    return machine() ? artifact.section(t.versions[version].section).size() : code.size();
  }

  const char *machineName() const;
  /// The machine that runs the kernels, or null: this CPU does.
  const Machine *machine() const { return otherMachine.isOpen() ? &otherMachine : nullptr; }
  /// That machine, if it has memory of its own, where arenas, weights and caches then lie.
  const Machine *device() const { return otherMachine.hasMemory() ? &otherMachine : nullptr; }
  /// Where a kernel starts in the image of the version that was chosen.
  uint64_t kernelEntry(uint32_t index) const { return codeOf(version, index).entry; }
  /// Its code for this CPU, or null: the machine runs it.
  KernelFunction kernel(uint32_t index) const;
  /// The greatest scratch of any kernel.
  uint64_t scratchBytes() const;
  /// On the host; null if there is no memory for random ones that were only made on a machine.
  const uint8_t *weight(uint32_t index) const;
  /// Where kernels find it: with a device an address there.
  const uint8_t *kernelWeight(uint32_t index) const {
    return deviceWeights.empty() ? weightData[index] : deviceWeights[index];
  }
  /// Does the command use a loop's counter?
  bool isDynamic(uint32_t command) const { return dynamic[command]; }
  const char *text(uint32_t expression) const { return texts.find(expression)->second.c_str(); }

  /// Upper bounds of all symbols.
  std::vector<int64_t> maxima() const;

private:
  girih_code initialize(std::span<const uint8_t> bytes, const girih_load_options &options, girih_status *status);
  girih_code chooseVersion(const char *wanted, girih_status *status);
  girih_code chooseHostVersion(girih_status *status);
  const girih_kernel_code &codeOf(uint32_t version, uint32_t kernel) const {
    return t.kernelCode[version * t.kernels.size() + kernel];
  }
  bool hasAllCode(uint32_t version) const;
  bool runsHere(const girih_code_version &version, uint64_t &missing) const;
  girih_code mapWeights(girih_status *status);
  girih_code mapExternal(uint32_t file, girih_status *status);
  girih_code placeRandom(uint64_t &total, girih_status *status) const;
  girih_code fillRandom(girih_status *status) const;
  girih_code uploadWeights(girih_status *status);
  static void fillWeight(const void *module, uint32_t weight, uint64_t offset, uint8_t *data, uint64_t bytes);
  void markDynamic();
  void describeDims();
  bool usesCounter(uint32_t expression) const;
  bool usesCounter(const girih_command &command) const;

  girih_code openMachine(girih_status *status);

  ~Module();

  std::atomic<uint32_t> references{1};
  std::string directory; // of the artifact; external files may lie beside it
  Mapping mapped, code;
  Machine otherMachine;
  MachineBlock deviceMemory; // all weights
  std::vector<Mapping> external;
  ArtifactFile artifact;
  Tables t;
  uint32_t version = 0, hostVersion = GIRIH_NONE; // the latter for what a machine leaves to this CPU
  mutable std::mutex randomMutex; // of random weights, where they are made when somebody asks
  mutable Mapping random;
  mutable std::vector<const uint8_t *> weightData;
  std::vector<const uint8_t *> deviceWeights; // empty: there is no device
  std::vector<uint8_t> dynamic;
  std::map<uint32_t, std::string> texts;
  std::string factsText;
};

} // namespace girih::runtime
