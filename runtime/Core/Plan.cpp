// Binds commands to memory and sizes.
#include "Plan.h"

#include <algorithm>
#include <cstring>
#include <utility>

using namespace girih::runtime;

static constexpr int64_t copyBlockBytes = 1 << 20;

/// The "kernel" of a copy: args are destination, source, bytes.
static void copyBlock(const int64_t *args, const int64_t *block, void *) {
  int64_t begin = block[0] * copyBlockBytes;
  memcpy(reinterpret_cast<uint8_t *>(args[0]) + begin, reinterpret_cast<const uint8_t *>(args[1]) + begin,
         std::min(copyBlockBytes, args[2] - begin));
}

size_t Plan::wordsOf(const girih_command &command) const {
  if (command.kind == GIRIH_COMMAND_COPY)
    return 3;
  if (command.kind != GIRIH_COMMAND_LAUNCH)
    return 0;
  size_t words = command.grid_rank;
  for (const girih_arg &arg : t.args.subspan(command.first_arg, command.arg_count))
    words += 1 + arg.rank;
  return words;
}

Plan::Plan(const Module &module) : owner(module), t(module.tables()), boundSymbols(t.symbols.size()) {
  size_t mostCommands = 0, mostWords = 0, mostTensors = 0;
  for (const girih_entry &entry : t.entries) {
    size_t total = 0;
    for (uint32_t i = 0; i != entry.command_count; ++i) {
      size_t count = wordsOf(t.commands[entry.first_command + i]);
      maxWords = std::max(maxWords, count);
      total += count;
      anyDynamic |= module.isDynamic(entry.first_command + i);
    }
    mostTensors = std::max<size_t>(mostTensors, uint64_t(entry.input_count) + entry.output_count);
    mostCommands = std::max<size_t>(mostCommands, entry.command_count);
    mostWords = std::max(mostWords, total);
  }
  places.resize(mostTensors);
  launches.resize(mostCommands);
  words.resize(mostWords);
}

uint64_t Plan::arenaBytes(const Module &module, uint32_t entry, const int64_t *symbols) {
  return evaluate(module.tables(), module.tables().entries[entry].arena_bytes, symbols);
}

//===-- A run's binding
//--------------------------------------------------------------------------------------------===//

girih_code Plan::bind(const Call &call, const int64_t *symbols, girih_status *status) {
  const girih_entry &entry = t.entries[call.entry];
  inputs = call.inputs;
  outputs = call.outputs;
  isBound = isBound && boundEntry == &entry && std::equal(boundSymbols.begin(), boundSymbols.end(), symbols);
  boundEntry = &entry;
  std::copy_n(symbols, boundSymbols.size(), boundSymbols.begin());
  bool moved = notePlaces();
  if (!isBound)
    return evaluateAll(status);
  if (moved)
    exchangePointers();
  return GIRIH_OK;
}

/// Whether a tensor lies elsewhere than in the call before.
bool Plan::notePlaces() {
  bool moved = false;
  auto place = places.begin();
  for (std::span<const girih_tensor> tensors : {inputs, outputs})
    for (const girih_tensor &tensor : tensors)
      moved |= std::exchange(*place++, tensor.data) != tensor.data;
  return moved;
}

girih_code Plan::evaluateAll(girih_status *status) {
  const int64_t *symbols = boundSymbols.data();
  arenaUsed = evaluate(t, boundEntry->arena_bytes, symbols);
  if (arenaUsed > arena.size())
    return fail(
        status, GIRIH_SIZE_OUT_OF_BOUNDS,
        "the run needs an arena of %llu bytes but the session reserved %zu; open it with greater max_symbols",
        static_cast<unsigned long long>(arenaUsed), arena.size());
  int64_t *next = words.data();
  for (uint32_t i = 0; i != boundEntry->command_count; ++i) {
    uint32_t index = boundEntry->first_command + i;
    if (owner.isDynamic(index))
      continue;
    if (!bindCommand(t.commands[index], symbols, next, launches[i]))
      return fail(
          status, GIRIH_DAMAGED_ARTIFACT,
          "command %u of the artifact reaches outside its memory at these sizes; compile the model anew",
          index);
    next += wordsOf(t.commands[index]);
  }
  isBound = true;
  return GIRIH_OK;
}

/// The sizes are as before; only the caller's tensors may lie elsewhere.
void Plan::exchangePointers() {
  const int64_t *symbols = boundSymbols.data();
  int64_t *next = words.data();
  for (uint32_t i = 0; i != boundEntry->command_count; ++i) {
    const girih_command &command = t.commands[boundEntry->first_command + i];
    if (owner.isDynamic(boundEntry->first_command + i) || command.arg_count == 0)
      continue;
    int64_t *word = next;
    for (const girih_arg &arg : t.args.subspan(command.first_arg, command.arg_count)) {
      if (arg.kind == GIRIH_ARG_INPUT || arg.kind == GIRIH_ARG_OUTPUT) {
        std::span<uint8_t> bytes;
        piece(arg, symbols, bytes); // was found to fit
        *word = reinterpret_cast<int64_t>(bytes.data());
      }
      word += command.kind == GIRIH_COMMAND_COPY ? 1 : 1 + arg.rank;
    }
    next += wordsOf(command);
  }
}

//===-- Commands
//---------------------------------------------------------------------------------------------------===//

bool Plan::fitsArena(const girih_buffer &buffer, const int64_t *symbols) const {
  uint64_t offset = evaluate(t, buffer.offset, symbols), bytes = evaluate(t, buffer.bytes, symbols);
  return offset % GIRIH_WEIGHT_ALIGNMENT == 0 && offset <= arenaUsed && bytes <= arenaUsed - offset;
}

std::span<uint8_t> Plan::memory(const girih_arg &arg, const int64_t *symbols) const {
  switch (arg.kind) {
  case GIRIH_ARG_BUFFER: {
    const girih_buffer &buffer = t.buffers[arg.index];
    return arena.subspan(evaluate(t, buffer.offset, symbols), evaluate(t, buffer.bytes, symbols));
  }
  case GIRIH_ARG_WEIGHT:
    return {const_cast<uint8_t *>(owner.kernelWeight(arg.index)), size_t(t.weights[arg.index].bytes)};
  default: {
    const girih_tensor &tensor = (arg.kind == GIRIH_ARG_INPUT ? inputs : outputs)[arg.index];
    return {static_cast<uint8_t *>(tensor.data), size_t(tensorBytes(tensor))};
  }
  }
}

bool Plan::piece(const girih_arg &arg, const int64_t *symbols, std::span<uint8_t> &result) const {
  if (arg.kind == GIRIH_ARG_BUFFER && !fitsArena(t.buffers[arg.index], symbols))
    return false;
  std::span<uint8_t> whole = memory(arg, symbols);
  uint64_t offset = arg.offset == GIRIH_NONE ? 0 : evaluate(t, arg.offset, symbols);
  if (offset > whole.size())
    return false;
  uint64_t bytes = arg.bytes == GIRIH_NONE ? whole.size() - offset : evaluate(t, arg.bytes, symbols);
  if (bytes > whole.size() - offset)
    return false;
  result = whole.subspan(offset, bytes);
  return true;
}

bool Plan::bindArg(const girih_arg &arg, const int64_t *symbols, int64_t *&next) const {
  std::span<uint8_t> bytes;
  if (!piece(arg, symbols, bytes))
    return false;
  *next++ = reinterpret_cast<int64_t>(bytes.data());
  for (uint32_t dim : t.dims(arg.first_dim, arg.rank))
    *next++ = evaluate(t, dim, symbols);
  return true;
}

bool Plan::bindCopy(const girih_command &command, const int64_t *symbols, int64_t *words,
                    BoundLaunch &launch) const {
  std::span<uint8_t> to, from;
  if (!piece(t.args[command.first_arg], symbols, to) ||
      !piece(t.args[command.first_arg + 1], symbols, from) || from.size() < to.size())
    return false;
  words[0] = reinterpret_cast<int64_t>(to.data());
  words[1] = reinterpret_cast<int64_t>(from.data());
  words[2] = int64_t(to.size());
  launch.function = copyBlock;
  launch.gridRank = 1;
  launch.blocks = (to.size() + copyBlockBytes - 1) / copyBlockBytes;
  launch.grid[0] = uint32_t(launch.blocks);
  return launch.blocks <= INT32_MAX;
}

bool Plan::bindCommand(const girih_command &command, const int64_t *symbols, int64_t *words,
                       BoundLaunch &launch) const {
  launch.command = &command;
  launch.args = words;
  auto valueOf = [&](uint32_t expression) {
    return expression == GIRIH_NONE ? 0 : evaluate(t, expression, symbols);
  };
  launch.flops = valueOf(command.flops);
  launch.bytes = valueOf(command.bytes);
  if (command.kind == GIRIH_COMMAND_COPY)
    return bindCopy(command, symbols, words, launch);
  if (command.kind != GIRIH_COMMAND_LAUNCH)
    return true;
  launch.function = owner.kernel(command.kernel);
  launch.gridRank = command.grid_rank;
  launch.blocks = 1;
  for (uint32_t i = 0; i != command.grid_rank; ++i) {
    launch.grid[i] = uint32_t(evaluate(t, t.indices[command.first_grid + i], symbols));
    launch.blocks *= launch.grid[i];
  }
  if (!launch.function) // a machine's programs run all blocks of a launch
    launch.blocks = std::min<uint64_t>(launch.blocks, 1);
  for (const girih_arg &arg : t.args.subspan(command.first_arg, command.arg_count))
    if (!bindArg(arg, symbols, words))
      return false;
  std::copy_n(launch.grid, command.grid_rank, words); // for machines, whose kernels get no block
  return true;
}

bool Plan::bindDynamic(uint32_t command, const int64_t *symbols, int64_t *words, BoundLaunch &launch) const {
  return bindCommand(t.commands[command], symbols, words, launch);
}

uint64_t Plan::argBytes(const girih_arg &arg, const int64_t *symbols) const {
  std::span<uint8_t> bytes;
  return piece(arg, symbols, bytes) ? bytes.size() : 0;
}
