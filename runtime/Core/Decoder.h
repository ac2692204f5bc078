// What the entry points of a decoder mean: which input is what, and the states that a cache holds. Read once
// from a module's tables; names and types are checked here, shapes by each run.
#pragma once

#include "Module.h"

#include <algorithm>

namespace girih::runtime {

/// What an input of 'prefill' or 'decode' is for. The order is that of roleNames.
enum class Role : uint8_t {
  Ids,
  Mask,
  Positions,
  Slots,
  Table,
  Temperature,
  TopK,
  TopP,
  MinP,
  Penalty,
  Seen,
  Seed,
  Step,
  Count,
  State = Count
};

/// One of the two entries.
struct DecoderEntry {
  uint32_t index = GIRIH_NONE;                     // in the module; GIRIH_NONE: there is none
  std::vector<Role> roles;                         // per input
  uint32_t next = GIRIH_NONE, logits = GIRIH_NONE; // outputs
  bool exists() const { return index != GIRIH_NONE; }
  /// Whether it draws tokens; others take the most likely one.
  bool samples() const { return std::ranges::find(roles, Role::Temperature) != roles.end(); }
};

/// A state: [slots, row...].
struct DecoderState {
  const girih_value *value; // of prefill
  uint64_t rowBytes;
};

struct Decoder {
  DecoderEntry prefill, decode;
  std::vector<DecoderState> states;
  uint32_t slots = GIRIH_NONE; // the symbol
  int64_t vocabulary = 0;
  int64_t longest = 0; // positions of a sequence
  bool samples() const { return prefill.samples() && (!decode.exists() || decode.samples()); }

  /// GIRIH_WRONG_MODEL if the module is no decoder.
  static girih_code read(const Module &module, Decoder &decoder, girih_status *status);
};

/// Bounds of a dim of an entry's input, with the session's maxima of symbols.
struct DimBounds {
  int64_t least, most;
};
DimBounds dimBounds(const Tables &tables, const girih_value &value, uint32_t dim, const int64_t *maxima);

} // namespace girih::runtime
