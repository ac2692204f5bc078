// Walks the command table.
#include "Walk.h"

#include <algorithm>

using namespace girih::runtime;

Walker::Walker(const Plan &plan, WalkMemory memory)
    : plan(plan), t(plan.module().tables()), memory(memory), symbols(plan.symbols()),
      position(plan.entry().first_command), end(position + plan.entry().command_count) {
  if (memory.symbols.empty())
    return;
  std::copy_n(plan.symbols(), memory.symbols.size(), memory.symbols.begin());
  symbols = memory.symbols.data();
}

bool Walker::next() {
  current.clear();
  while (position != end && !hasFailed) {
    uint32_t command = position;
    switch (t.commands[command].kind) {
    case GIRIH_COMMAND_LAUNCH:
    case GIRIH_COMMAND_COPY:
      if (!addLaunch(command))
        return !hasFailed; // an early barrier does no harm
      ++position;
      break;
    default:
      if (current.size() != 0)
        return true; // control waits for the group and is looked at again afterwards
      control(command);
    }
  }
  return current.size() != 0 && !hasFailed;
}

bool Walker::addLaunch(uint32_t command) {
  if (!plan.module().isDynamic(command))
    return current.add(plan.bound(command));
  unsigned slot = current.size();
  int64_t *words = memory.words.data() + slot * plan.wordsPerLaunch();
  hasFailed = !plan.bindDynamic(command, symbols, words, dynamic[slot]);
  return !hasFailed && current.add(dynamic[slot]);
}

void Walker::control(uint32_t command) {
  switch (t.commands[command].kind) {
  case GIRIH_COMMAND_BRANCH:
    position = evaluate(t, t.commands[command].condition, symbols) > 0 ? command + 1 : t.commands[command].target;
    return;
  case GIRIH_COMMAND_LOOP:
    return enterLoop(command);
  case GIRIH_COMMAND_END_LOOP:
    return endLoop(command);
  default: // a barrier
    ++position;
  }
}

void Walker::enterLoop(uint32_t command) {
  const girih_command &loop = t.commands[command];
  int64_t count = evaluate(t, loop.condition, symbols);
  if (count <= 0) {
    position = loop.target + 1;
    return;
  }
  memory.symbols[loop.counter] = 0;
  loops[depth++] = {command, count};
  position = command + 1;
}

void Walker::endLoop(uint32_t command) {
  Loop &loop = loops[depth - 1];
  int64_t &counter = memory.symbols[t.commands[loop.command].counter];
  if (++counter < loop.count) {
    position = loop.command + 1;
    return;
  }
  --depth;
  position = command + 1;
}
