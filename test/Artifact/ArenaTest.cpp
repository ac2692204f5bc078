// Proves of random lives that no two buffers that live at once share memory at any sizes, that offsets keep
// their alignment, and that sharing happens where it can.
#include "lib/Artifact/Arena.h"

#include <gtest/gtest.h>

#include <random>

using namespace girih::artifact;

namespace {

const Size seq = Size::symbol(0), batch = Size::symbol(1);

bool overlap(const Tenant &a, const Tenant &b) {
  return a.firstStep <= b.lastStep && b.firstStep <= a.lastStep;
}

TEST(Arena, ChainNeedsTwoSlots) {
  std::vector<Tenant> tenants;
  for (unsigned step = 0; step < 20; ++step)
    tenants.push_back({seq * Size(256), step, step + 1});
  ArenaLayout layout = layOutArena(tenants, {512, 1});
  EXPECT_EQ(layout.slots.size(), 2u);
  EXPECT_EQ(layout.bytes.evaluate({512, 1}), 2 * 512 * 256);
}

TEST(Arena, EmptyPlanTakesNothing) { EXPECT_EQ(layOutArena({}, {}).bytes.constantValue(), 0); }

TEST(Arena, SlotGrowsWithWhicheverTenantIsLarger) {
  // At the bounds the first is larger, for short sequences the second.
  std::vector<Tenant> tenants = {{seq * seq * Size(4), 0, 1}, {seq * Size(400), 2, 3}};
  ArenaLayout layout = layOutArena(tenants, {512, 1});
  ASSERT_EQ(layout.slots.size(), 1u);
  EXPECT_EQ(layout.bytes.evaluate({512, 1}), 512 * 512 * 4);
  EXPECT_EQ(layout.bytes.evaluate({4, 1}), 1600);
}

TEST(Arena, RandomLivesNeverCollide) {
  std::mt19937 random(7);
  auto upTo = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n)(random); };
  for (int round = 0; round < 200; ++round) {
    std::vector<Tenant> tenants;
    for (unsigned i = 0, n = 1 + upTo(30); i < n; ++i) {
      unsigned first = upTo(20);
      Size bytes = Size(1 + upTo(99)) * (upTo(1) ? seq : Size(1)) * (upTo(1) ? batch : Size(3));
      tenants.push_back({bytes, first, first + upTo(6)});
    }
    ArenaLayout layout = layOutArena(tenants, {128, 16});
    for (int64_t s : {1, 7, 128})
      for (int64_t b : {1, 16}) {
        int64_t end = 0;
        for (const Slot &slot : layout.slots) {
          EXPECT_EQ(slot.offset.evaluate({s, b}), end);
          EXPECT_EQ(end % arenaAlignment, 0);
          for (unsigned t : slot.tenants)
            EXPECT_LE(tenants[t].bytes.evaluate({s, b}), slot.bytes.evaluate({s, b}));
          end += *slot.bytes.evaluate({s, b});
        }
        EXPECT_EQ(layout.bytes.evaluate({s, b}), end);
      }
    for (unsigned i = 0; i < tenants.size(); ++i)
      for (unsigned j = 0; j < i; ++j)
        EXPECT_FALSE(layout.slotOf[i] == layout.slotOf[j] && overlap(tenants[i], tenants[j]));
  }
}

} // namespace
