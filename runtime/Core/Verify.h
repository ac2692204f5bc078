// Checks every field of META before anything is run: each index, offset, expression and command against its bounds, so that
// the rest of the runtime trusts the tables. What depends on the shapes of a run (does a piece fit the arena?) is checked by
// Plan when a run binds its symbols.
#pragma once

#include "SizeExpression.h"
#include "Status.h"

#include <vector>

namespace girih::runtime {

/// What META's tables refer to outside META.
struct Surroundings {
  uint64_t weightBytes = 0;                     // of the WEIGHTS section
  std::span<const girih_section> sections = {}; // of the file
};

/// Slices META into tables, checking their places and record sizes.
girih_code sliceTables(std::span<const uint8_t> meta, Tables &tables, girih_status *status);

class Verifier {
public:
  Verifier(const Tables &tables, const Surroundings &around, girih_status *status)
      : t(tables), around(around), status(status) {}

  girih_code verify();

private:
  // Records without control flow (Verify.cpp).
  girih_code verifyStrings();
  girih_code verifySymbols();
  girih_code verifyExpressions();
  girih_code verifyBuffers();
  girih_code verifyFiles();
  girih_code verifyWeight(const girih_weight &weight, size_t index);
  girih_code verifyRandomWeight(const girih_weight &weight, size_t index);
  girih_code verifyVersions();

  // Entries and their commands (VerifyEntries.cpp).
  girih_code verifyEntries();
  girih_code verifyEntry(const girih_entry &entry);
  girih_code verifyValues(const girih_entry &entry);
  girih_code verifyValue(const girih_value &value, uint32_t allowedFlags);
  girih_code verifyCommand(uint32_t index);
  girih_code verifyLaunch(const girih_command &command);
  girih_code verifyCopy(const girih_command &command);
  girih_code verifyGrid(const girih_command &command);
  girih_code verifyArgs(const girih_command &command);
  girih_code verifyArg(const girih_arg &arg);
  girih_code verifyBranch(uint32_t index);
  girih_code verifyLoop(uint32_t index);
  girih_code verifyEndLoop(uint32_t index);

  bool isString(uint32_t offset) const { return offset < t.strings.size(); }
  bool isExpression(uint32_t index) const { return index < t.expressions.size(); }
  bool isExpressionOrNone(uint32_t index) const { return index == GIRIH_NONE || isExpression(index); }
  /// A list of expressions within the index table.
  bool isIndexList(uint32_t first, uint32_t count) const;
  /// The expression uses only symbols that are known here, and never falls below `least`.
  bool isUsable(uint32_t expression, int64_t least) const;
  bool isUsableOrNone(uint32_t expression, int64_t least) const {
    return expression == GIRIH_NONE || isUsable(expression, least);
  }
  girih_code damaged(const char *what, uint64_t index);

  const Tables &t;
  const Surroundings &around;
  girih_status *status;
  std::vector<Interval> bounds; // per expression

  // The entry under verification.
  const girih_entry *entry = nullptr;
  std::vector<bool> known;         // per symbol: bound by an input, or the counter of an open loop
  std::vector<uint32_t> openLoops; // command indices
  std::vector<uint32_t> ends;      // of open branches: loops must nest within
};

} // namespace girih::runtime
