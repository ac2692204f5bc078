// Steps of a decoder: the inputs of 'prefill' and 'decode' filled for some sequences, in memory that was
// reserved when the session opened.
#pragma once

#include "Sequence.h"
#include "Shapes.h"

#include <memory>

namespace girih::runtime {

/// One row of the step under way.
struct StepRow {
  Sequence *sequence;
  std::span<const int32_t> tokens;
  girih_sampling sampling;
  int64_t done;    // tokens that have been run
  uint32_t number; // in the caller's arrays
  int64_t left() const { return int64_t(tokens.size()) - done; }
};

class Stepper {
public:
  /// `maxima`: of the session, for all symbols; they outlive the stepper.
  static girih_code create(const Module &module, std::span<const int64_t> maxima, uint32_t prefillTokens,
                           std::unique_ptr<Stepper> &stepper, girih_status *status);

  /// Checks the caller's arguments and takes the sequences into use, with pages for their tokens.
  girih_code begin(const girih_step &step, girih_status *status);
  /// The next run, or false if all is done. Its tensors live until the next call.
  bool next(Call &call);
  /// Takes the results of the run that next() gave.
  void collect(const girih_step &step);
  /// Keeps what was done, or undoes it all.
  void end(bool success);

private:
  Stepper(const Module &module, std::span<const int64_t> maxima, int64_t prefillTokens)
      : module(module), t(module.tables()), maxima(maxima), prefillTokens(prefillTokens) {}
  girih_code reserve(girih_status *status);
  girih_code measure(const DecoderEntry &entry, girih_status *status);
  girih_code checkStep(const girih_step &step, girih_status *status) const;
  girih_code checkRow(const girih_step &step, uint32_t row, girih_status *status) const;
  girih_code takeRow(const girih_step &step, uint32_t row, girih_status *status);
  void sortRows();
  void fillRow(uint32_t row, int64_t width, int64_t total);
  void fillSampling(uint32_t row);
  girih_tensor tensorFor(const DecoderEntry &entry, uint32_t input, int64_t width, int64_t total);
  Call callOf(const DecoderEntry &entry, int64_t width, int64_t total);
  int64_t tableWidth() const;
  template <typename T> T *staging(Role role) const {
    return reinterpret_cast<T *>(memory.data() + offsets[unsigned(role)]);
  }

  const Module &module;
  const Tables &t;
  std::span<const int64_t> maxima;
  int64_t prefillTokens;
  Decoder decoder;
  DimBounds rowBounds = {0, 0}, widthBounds = {1, 1}, tableBounds = {0, 0};
  Mapping memory;
  uint64_t offsets[unsigned(Role::Count)] = {}, nextOffset = 0, logitsOffset = 0;
  std::vector<girih_tensor> inputs, outputs;
  Cache *cache = nullptr;    // of the step under way
  bool wantsLogits = false;  // of the step under way
  std::vector<StepRow> rows; // of the step under way; those with tokens left come first
  uint32_t active = 0;       // of the run under way
  int64_t width = 0;
};

} // namespace girih::runtime
