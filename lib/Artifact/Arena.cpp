// Greedy by size: the largest tenant first, each into the first slot that is free for its whole life. The
// slot then never grows at the upper bounds, and few expressions meet in one maximum.
#include "lib/Artifact/Arena.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <limits>

using namespace girih::artifact;

static bool livesOverlap(const Tenant &a, const Tenant &b) {
  return a.firstStep <= b.lastStep && b.firstStep <= a.lastStep;
}

/// The tenants' numbers, largest first; equal ones in order, so that the layout is deterministic.
static llvm::SmallVector<unsigned> bySize(llvm::ArrayRef<Tenant> tenants, llvm::ArrayRef<int64_t> largest) {
  llvm::SmallVector<int64_t> bytes;
  for (const Tenant &t : tenants)
    bytes.push_back(t.bytes.evaluate(largest).value_or(std::numeric_limits<int64_t>::max()));
  llvm::SmallVector<unsigned> order = llvm::to_vector(llvm::seq<unsigned>(0, tenants.size()));
  llvm::sort(order,
             [&](unsigned a, unsigned b) { return std::pair(-bytes[a], a) < std::pair(-bytes[b], b); });
  return order;
}

/// The first slot without a tenant alive at the same time; a new one if there is none.
static unsigned findSlot(ArenaLayout &layout, llvm::ArrayRef<Tenant> tenants, const Tenant &tenant) {
  for (auto [i, slot] : llvm::enumerate(layout.slots))
    if (llvm::none_of(slot.tenants, [&](unsigned other) { return livesOverlap(tenants[other], tenant); }))
      return i;
  layout.slots.emplace_back();
  return layout.slots.size() - 1;
}

/// A slot's size: the maximum over its tenants, each distinct expression once.
static Size slotBytes(const Slot &slot, llvm::ArrayRef<Tenant> tenants) {
  llvm::SmallVector<Size> distinct;
  for (unsigned t : slot.tenants)
    if (!llvm::is_contained(distinct, tenants[t].bytes))
      distinct.push_back(tenants[t].bytes);
  Size bytes = distinct.front();
  for (const Size &other : llvm::drop_begin(distinct))
    bytes = Size::max(bytes, other);
  return bytes.alignTo(arenaAlignment);
}

ArenaLayout girih::artifact::layOutArena(llvm::ArrayRef<Tenant> tenants, llvm::ArrayRef<int64_t> largest) {
  ArenaLayout layout;
  layout.slotOf.resize(tenants.size());
  for (unsigned t : bySize(tenants, largest)) {
    unsigned slot = findSlot(layout, tenants, tenants[t]);
    layout.slots[slot].tenants.push_back(t);
    layout.slotOf[t] = slot;
  }
  for (Slot &slot : layout.slots) {
    slot.offset = layout.bytes;
    slot.bytes = slotBytes(slot, tenants);
    layout.bytes = layout.bytes + slot.bytes;
  }
  return layout;
}
