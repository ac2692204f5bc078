// Verifies entry points: their inputs and outputs, and every command in the scope where it stands. Symbols count as known
// where an input binds them or a surrounding loop counts them; loops and branches must nest.
#include "Verify.h"

#include <algorithm>
#include <vector>

using namespace girih::runtime;

bool Verifier::isIndexList(uint32_t first, uint32_t count) const {
  if (uint64_t(first) + count > t.indices.size())
    return false;
  for (uint32_t index : t.indices.subspan(first, count))
    if (!isExpression(index))
      return false;
  return true;
}

bool Verifier::isUsable(uint32_t expression, int64_t least) const {
  if (!isExpression(expression) || bounds[expression].low < least)
    return false;
  const girih_expression &code = t.expressions[expression];
  for (const girih_instruction &instruction : t.instructions.subspan(code.first, code.count))
    if (instruction.opcode == GIRIH_OP_SYMBOL && !known[instruction.value])
      return false;
  return true;
}

girih_code Verifier::verifyEntries() {
  if (t.entries.empty())
    return damaged("there is no entry point", 0);
  std::vector<bool> values(t.values.size()), commands(t.commands.size());
  auto mark = [](std::vector<bool> &seen, uint32_t first, uint32_t count) {
    std::fill_n(seen.begin() + first, count, true);
  };
  for (const girih_entry &each : t.entries) {
    if (girih_code code = verifyEntry(each))
      return code;
    mark(values, each.first_input, each.input_count);
    mark(values, each.first_output, each.output_count);
    mark(commands, each.first_command, each.command_count);
  }
  // What no entry point has was not looked at, and nobody may come to rely on it.
  if (std::ranges::find(values, false) != values.end() || std::ranges::find(commands, false) != commands.end())
    return damaged("a value or command belongs to no entry point", 0);
  return GIRIH_OK;
}

girih_code Verifier::verifyEntry(const girih_entry &each) {
  entry = &each;
  uint64_t index = &each - t.entries.data();
  if (!isString(each.name) || uint64_t(each.first_command) + each.command_count > t.commands.size() ||
      uint64_t(each.first_input) + each.input_count > t.values.size() ||
      uint64_t(each.first_output) + each.output_count > t.values.size())
    return damaged("an entry point refers to what is not there", index);
  if (girih_code code = verifyValues(each))
    return code;
  if (!isUsable(each.arena_bytes, 0))
    return damaged("an entry point's arena has no size", index);
  openLoops.clear();
  ends.clear();
  for (uint32_t i = 0; i != each.command_count; ++i)
    if (girih_code code = verifyCommand(each.first_command + i))
      return code;
  return openLoops.empty() ? GIRIH_OK : damaged("a loop has no end", openLoops.back());
}

girih_code Verifier::verifyValues(const girih_entry &each) {
  known.assign(t.symbols.size(), false);
  for (const girih_value &value : t.values.subspan(each.first_input, each.input_count)) {
    if (value.rank > GIRIH_MAX_RANK || !isIndexList(value.first_dim, value.rank))
      return damaged("an input's shape is malformed", &value - t.values.data());
    for (uint32_t dim : t.dims(value.first_dim, value.rank))
      if (uint32_t symbol = plainSymbol(t, dim); symbol != GIRIH_NONE)
        known[symbol] = t.symbols[symbol].kind == GIRIH_SYMBOL_SIZE;
  }
  for (const girih_value &value : t.values.subspan(each.first_input, each.input_count))
    if (girih_code code = verifyValue(value, GIRIH_VALUE_HAS_RANGE | GIRIH_VALUE_STATE))
      return code;
  for (const girih_value &value : t.values.subspan(each.first_output, each.output_count))
    if (girih_code code = verifyValue(value, GIRIH_VALUE_HAS_RANGE))
      return code;
  return GIRIH_OK;
}

girih_code Verifier::verifyValue(const girih_value &value, uint32_t allowed) {
  uint64_t index = &value - t.values.data();
  if (!isString(value.name) || value.reserved != 0 || elementBytes(value.element_type) == 0 ||
      (value.flags & ~allowed) != 0 || value.rank > GIRIH_MAX_RANK || !isIndexList(value.first_dim, value.rank))
    return damaged("an input or output is malformed", index);
  Interval bytes = {0, int64_t(elementBytes(value.element_type))};
  for (uint32_t dim : t.dims(value.first_dim, value.rank)) {
    if (!isUsable(dim, 0))
      return damaged("a dimension of an input or output may be negative or uses an unbound symbol", index);
    if (__builtin_mul_overflow(bytes.high, bounds[dim].high, &bytes.high))
      return damaged("the size of an input or output may overflow", index);
  }
  return GIRIH_OK;
}

//===-- Commands ---------------------------------------------------------------------------------------------------===//

girih_code Verifier::verifyCommand(uint32_t index) {
  const girih_command &command = t.commands[index];
  if (!isString(command.label))
    return damaged("a command has no label", index);
  // Of every kind: they are evaluated whatever the command does.
  if (!isUsableOrNone(command.flops, 0) || !isUsableOrNone(command.bytes, 0))
    return damaged("a command's statistics are malformed", index);
  while (!ends.empty() && ends.back() == index)
    ends.pop_back();
  switch (command.kind) {
  case GIRIH_COMMAND_LAUNCH:
    return verifyLaunch(command);
  case GIRIH_COMMAND_COPY:
    return verifyCopy(command);
  case GIRIH_COMMAND_BARRIER:
    return GIRIH_OK;
  case GIRIH_COMMAND_BRANCH:
    return verifyBranch(index);
  case GIRIH_COMMAND_LOOP:
    return verifyLoop(index);
  case GIRIH_COMMAND_END_LOOP:
    return verifyEndLoop(index);
  default:
    return damaged("a command is of an unknown kind", index);
  }
}

girih_code Verifier::verifyLaunch(const girih_command &command) {
  uint64_t index = &command - t.commands.data();
  if (command.kernel >= t.kernels.size())
    return damaged("a launch names a kernel that is not there", index);
  if (girih_code code = verifyGrid(command))
    return code;
  return verifyArgs(command);
}

girih_code Verifier::verifyCopy(const girih_command &command) {
  uint64_t index = &command - t.commands.data();
  if (command.arg_count != 2)
    return damaged("a copy needs a place to write and one to read", index);
  if (girih_code code = verifyArgs(command))
    return code;
  const girih_arg &to = t.args[command.first_arg];
  bool isState = to.kind == GIRIH_ARG_INPUT && (t.values[entry->first_input + to.index].flags & GIRIH_VALUE_STATE);
  if (to.kind == GIRIH_ARG_WEIGHT || (to.kind == GIRIH_ARG_INPUT && !isState))
    return damaged("a copy writes to what is only read", index);
  return GIRIH_OK;
}

girih_code Verifier::verifyGrid(const girih_command &command) {
  uint64_t index = &command - t.commands.data();
  if (command.grid_rank > GIRIH_MAX_GRID || !isIndexList(command.first_grid, command.grid_rank))
    return damaged("a launch's grid is malformed", index);
  int64_t blocks = 1;
  for (uint32_t size : t.dims(command.first_grid, command.grid_rank))
    if (!isUsable(size, 0) || __builtin_mul_overflow(blocks, bounds[size].high, &blocks) || blocks > INT32_MAX)
      return damaged("a launch may have a negative number of blocks or more than 2^31", index);
  return GIRIH_OK;
}

girih_code Verifier::verifyArgs(const girih_command &command) {
  uint64_t index = &command - t.commands.data();
  if (command.arg_count > GIRIH_MAX_ARGS || uint64_t(command.first_arg) + command.arg_count > t.args.size())
    return damaged("a command's arguments lie outside their table", index);
  for (const girih_arg &arg : t.args.subspan(command.first_arg, command.arg_count))
    if (girih_code code = verifyArg(arg))
      return code;
  return GIRIH_OK;
}

girih_code Verifier::verifyArg(const girih_arg &arg) {
  uint64_t index = &arg - t.args.data();
  const uint64_t counts[] = {t.buffers.size(), t.weights.size(), entry->input_count, entry->output_count};
  if (arg.kind > GIRIH_ARG_OUTPUT || arg.index >= counts[arg.kind])
    return damaged("an argument names memory that is not there", index);
  if (arg.kind == GIRIH_ARG_BUFFER &&
      (!isUsable(t.buffers[arg.index].offset, 0) || !isUsable(t.buffers[arg.index].bytes, 0)))
    return damaged("a buffer's size uses a symbol that no input binds", index);
  if (arg.rank > GIRIH_MAX_RANK || !isIndexList(arg.first_dim, arg.rank) || !isUsableOrNone(arg.offset, 0) ||
      !isUsableOrNone(arg.bytes, 0))
    return damaged("an argument's shape is malformed", index);
  for (uint32_t dim : t.dims(arg.first_dim, arg.rank))
    if (!isUsable(dim, 0))
      return damaged("an argument's dimension may be negative or uses an unbound symbol", index);
  return GIRIH_OK;
}

girih_code Verifier::verifyBranch(uint32_t index) {
  const girih_command &branch = t.commands[index];
  uint64_t end = uint64_t(entry->first_command) + entry->command_count;
  // Ahead, and within whatever surrounds it: so every run of the table ends.
  if (!openLoops.empty())
    end = t.commands[openLoops.back()].target;
  if (!ends.empty() && ends.back() < end)
    end = ends.back();
  if (!isUsable(branch.condition, INT64_MIN) || branch.target <= index || branch.target > end)
    return damaged("a branch leads nowhere", index);
  ends.push_back(branch.target);
  return GIRIH_OK;
}

girih_code Verifier::verifyLoop(uint32_t index) {
  const girih_command &loop = t.commands[index];
  uint64_t end = uint64_t(entry->first_command) + entry->command_count;
  if (!openLoops.empty())
    end = t.commands[openLoops.back()].target;
  if (!ends.empty() && ends.back() < end)
    end = ends.back();
  if (loop.target <= index || loop.target >= end || t.commands[loop.target].kind != GIRIH_COMMAND_END_LOOP ||
      t.commands[loop.target].target != index)
    return damaged("a loop's end is not where it says", index);
  if (openLoops.size() == GIRIH_MAX_LOOP_DEPTH)
    return damaged("loops are nested too deeply", index);
  if (loop.counter >= t.symbols.size() || t.symbols[loop.counter].kind != GIRIH_SYMBOL_COUNTER || known[loop.counter])
    return damaged("a loop has no counter of its own", index);
  if (!isUsable(loop.condition, INT64_MIN) || t.symbols[loop.counter].max < bounds[loop.condition].high - (bounds[loop.condition].high > 0) ||
      t.symbols[loop.counter].min != 0)
    return damaged("a loop may count past its counter's bounds", index);
  known[loop.counter] = true;
  openLoops.push_back(index);
  return GIRIH_OK;
}

girih_code Verifier::verifyEndLoop(uint32_t index) {
  if (openLoops.empty() || t.commands[openLoops.back()].target != index)
    return damaged("the end of a loop stands where none ends", index);
  known[t.commands[openLoops.back()].counter] = false;
  openLoops.pop_back();
  return GIRIH_OK;
}
