// Control flow, barriers, and instructions by which the lanes of a warp exchange values.
#include "Warp.h"

#include <algorithm>

using namespace girih::test::ptx;

namespace {

void barrier(Warp &warp, const Instruction &i, uint32_t mask) {
  warp.barrier = uint32_t(i.constants[0]), warp.barrierThreads = uint32_t(i.constants[1]);
  if (warp.barrier > 15)
    warp.fail(unsigned(std::countr_zero(mask)), "there are barriers 0 to 15");
}

enum class Shuffle { Up, Down, Butterfly, Index };

/// The third operand has the last lane of a segment in bits 0 to 4, and in 8 to 12 those bits of a lane's
/// number that name its segment.
template <Shuffle how, bool hasPredicate> void shuffle(Warp &warp, const Instruction &i, uint32_t mask) {
  constexpr unsigned first = hasPredicate ? 2 : 1;
  auto *d = warp.row<uint32_t>(i.rows[0]), *a = warp.row<uint32_t>(i.rows[first]),
       *b = warp.row<uint32_t>(i.rows[first + 1]), *c = warp.row<uint32_t>(i.rows[first + 2]);
  uint32_t values[kLanes], inside = 0;
  std::copy_n(a, kLanes, values);
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    int lane = std::countr_zero(rest), by = int(b[lane] & 31), segment = int(c[lane] >> 8 & 31);
    int last = (lane & segment) | int(c[lane] & 31 & ~uint32_t(segment)), from = lane;
    from = how == Shuffle::Up          ? lane - by
           : how == Shuffle::Down      ? lane + by
           : how == Shuffle::Butterfly ? (lane ^ by)
                                       : (lane & segment) | (by & ~segment);
    bool isInside = how == Shuffle::Up ? from >= last : from <= last;
    from = isInside ? from : lane;
    if (!(mask >> from & 1))
      return warp.fail(unsigned(lane), "reads from lane " + std::to_string(from) + ", which takes no part");
    inside |= uint32_t(isInside) << lane;
    d[lane] = values[from];
  }
  if (hasPredicate) {
    uint32_t &p = warp.predicate(i.rows[1]);
    p = (p & ~mask) | inside;
  }
}

/// The lanes' memory is each other's after this; exchanging values does not promise that.
void synchronizeWarp(Warp &warp, const Instruction &, uint32_t mask) { warp.synchronize(mask); }

enum class Vote { All, Any, Uniform };
template <Vote how> void vote(Warp &warp, const Instruction &i, uint32_t mask) {
  uint32_t votes = warp.predicate(i.rows[1]) & mask, &p = warp.predicate(i.rows[0]);
  bool result = how == Vote::Any   ? votes != 0
                : how == Vote::All ? votes == mask
                                   : votes == mask || votes == 0;
  p = (p & ~mask) | (result ? mask : 0);
}
void ballot(Warp &warp, const Instruction &i, uint32_t mask) {
  uint32_t votes = warp.predicate(i.rows[1]) & mask;
  auto *d = warp.row<uint32_t>(i.rows[0]);
  forLanes(mask, [=](unsigned l) { d[l] = votes; });
}
void activeMask(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<uint32_t>(i.rows[0]);
  forLanes(mask, [=](unsigned l) { d[l] = mask; });
}

template <Shuffle how> void addShuffle(Table &table, const char *name) {
  std::string start = std::string("shfl.sync.") + name + ".b32";
  table.add(start, {"o4 i4 i4 i4 i4", shuffle<how, false>, Flow::Together, 5});
  table.add(start, {"o4 | p i4 i4 i4 i4", shuffle<how, true>, Flow::Together, 6});
}

} // namespace

void girih::test::ptx::addWarpInstructions(Table &table) {
  table.add("bra", {"l", nullptr, Flow::Branch});
  table.add("bra.uni", {"l", nullptr, Flow::Branch});
  table.add("ret", {"", nullptr, Flow::Exit});
  table.add("exit", {"", nullptr, Flow::Exit});
  for (const char *name : {"bar.sync", "bar.cta.sync", "barrier.sync.aligned", "barrier.cta.sync.aligned"}) {
    table.add(name, {"n", barrier, Flow::Barrier});
    table.add(name, {"n n", barrier, Flow::Barrier});
  }
  table.add("bar.warp.sync", {"i4", synchronizeWarp, Flow::Together, 1});
  addShuffle<Shuffle::Up>(table, "up"), addShuffle<Shuffle::Down>(table, "down");
  addShuffle<Shuffle::Butterfly>(table, "bfly"), addShuffle<Shuffle::Index>(table, "idx");
  table.add("vote.sync.all.pred", {"p q i4", vote<Vote::All>, Flow::Together, 3});
  table.add("vote.sync.any.pred", {"p q i4", vote<Vote::Any>, Flow::Together, 3});
  table.add("vote.sync.uni.pred", {"p q i4", vote<Vote::Uniform>, Flow::Together, 3});
  table.add("vote.sync.ballot.b32", {"o4 q i4", ballot, Flow::Together, 3});
  table.add("activemask.b32", {"o4", activeMask});
}
