// Gives buffers places in one arena: buffers whose lives do not overlap share a slot. Lives are intervals of
// steps; sizes are symbolic, so a slot is as large as the largest of its tenants for whatever sizes the
// session opens with.
#pragma once

#include "lib/Artifact/Size.h"

namespace girih::artifact {

/// One value that needs memory from the step that writes it to the last step that reads it, both included.
struct Tenant {
  Size bytes;
  unsigned firstStep, lastStep;
};

struct Slot {
  Size offset, bytes; ///< both multiples of arenaAlignment
  llvm::SmallVector<unsigned> tenants;
};

struct ArenaLayout {
  llvm::SmallVector<Slot> slots;
  llvm::SmallVector<unsigned> slotOf; ///< per tenant
  Size bytes;
};

constexpr int64_t arenaAlignment = 64;

/// Lays the tenants out; `largest` holds every symbol's upper bound, at which sharing is judged.
ArenaLayout layOutArena(llvm::ArrayRef<Tenant> tenants, llvm::ArrayRef<int64_t> largest);

} // namespace girih::artifact
