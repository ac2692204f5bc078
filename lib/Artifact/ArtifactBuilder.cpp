// Collects the artifact's tables: strings and expressions are interned, lists go into shared index tables, and commands are
// appended to the entry under construction.
#include "lib/Artifact/Writer.h"

#include <algorithm>
#include <cassert>

using namespace girih::artifact;

unsigned girih::artifact::elementBytes(uint32_t elementType) {
  switch (elementType) {
  case GIRIH_F32:
  case GIRIH_I32:
    return 4;
  case GIRIH_BF16:
  case GIRIH_F16:
    return 2;
  default:
    return 1;
  }
}

unsigned girih::artifact::cpuFeatureBit(std::string_view name) {
  static constexpr std::pair<std::string_view, unsigned> names[] = {
      {"sse4.2", GIRIH_CPU_SSE4_2},         {"sse4_2", GIRIH_CPU_SSE4_2},
      {"popcnt", GIRIH_CPU_POPCNT},         {"movbe", GIRIH_CPU_MOVBE},
      {"lzcnt", GIRIH_CPU_LZCNT},           {"bmi", GIRIH_CPU_BMI1},
      {"bmi1", GIRIH_CPU_BMI1},             {"bmi2", GIRIH_CPU_BMI2},
      {"avx", GIRIH_CPU_AVX},               {"avx2", GIRIH_CPU_AVX2},
      {"fma", GIRIH_CPU_FMA},               {"f16c", GIRIH_CPU_F16C},
      {"avx512f", GIRIH_CPU_AVX512F},       {"avx512bw", GIRIH_CPU_AVX512BW},
      {"avx512cd", GIRIH_CPU_AVX512CD},     {"avx512dq", GIRIH_CPU_AVX512DQ},
      {"avx512vl", GIRIH_CPU_AVX512VL},     {"avx512vnni", GIRIH_CPU_AVX512VNNI},
      {"avx512bf16", GIRIH_CPU_AVX512BF16}, {"avx512fp16", GIRIH_CPU_AVX512FP16},
      {"avx512vbmi", GIRIH_CPU_AVX512VBMI}, {"avxvnni", GIRIH_CPU_AVXVNNI},
      {"amx-tile", GIRIH_CPU_AMX_TILE},     {"amx-bf16", GIRIH_CPU_AMX_BF16},
      {"amx-int8", GIRIH_CPU_AMX_INT8},
  };
  for (const auto &[known, bit] : names)
    if (known == name)
      return bit;
  return GIRIH_CPU_FEATURE_COUNT;
}

ArtifactBuilder::ArtifactBuilder() { string(""); }

uint32_t ArtifactBuilder::string(std::string_view text) {
  if (auto it = stringIndex.find(text); it != stringIndex.end())
    return it->second;
  uint32_t offset = strings.size();
  strings.append(text);
  strings.push_back('\0');
  stringIndex.emplace(text, offset);
  return offset;
}

void ArtifactBuilder::property(std::string_view key, std::string_view value) {
  properties.push_back({string(key), string(value)});
}

uint32_t ArtifactBuilder::addSymbol(std::string_view name, int64_t min, int64_t max, uint32_t kind) {
  symbols.push_back({string(name), kind, min, max});
  return symbols.size() - 1;
}

//===-- Expressions ------------------------------------------------------------------------------------------------===//

ArtifactBuilder::Expr ArtifactBuilder::expression(std::vector<girih_instruction> code) {
  std::vector<int64_t> key;
  for (const girih_instruction &instruction : code) {
    key.push_back(instruction.opcode);
    key.push_back(instruction.value);
  }
  auto [it, isNew] = expressionIndex.emplace(std::move(key), expressions.size());
  if (isNew) {
    expressions.push_back({uint32_t(instructions.size()), uint32_t(code.size())});
    instructions.insert(instructions.end(), code.begin(), code.end());
  }
  return it->second;
}

ArtifactBuilder::Expr ArtifactBuilder::constant(int64_t value) {
  return expression({{GIRIH_OP_CONST, 0, value}});
}
ArtifactBuilder::Expr ArtifactBuilder::symbol(uint32_t index) {
  return expression({{GIRIH_OP_SYMBOL, 0, int64_t(index)}});
}

static int64_t fold(girih_opcode opcode, int64_t a, int64_t b) {
  switch (opcode) {
  case GIRIH_OP_ADD:
    return a + b;
  case GIRIH_OP_SUB:
    return a - b;
  case GIRIH_OP_MUL:
    return a * b;
  case GIRIH_OP_CEILDIV:
    return a / b + (a % b > 0);
  case GIRIH_OP_FLOORDIV:
    return a / b - (a % b < 0);
  case GIRIH_OP_MIN:
    return std::min(a, b);
  default:
    return std::max(a, b);
  }
}

/// Sums of zero and products with one, which memory plans make in numbers.
static bool isNeutralRight(girih_opcode opcode, int64_t value) {
  return (value == 0 && (opcode == GIRIH_OP_ADD || opcode == GIRIH_OP_SUB)) ||
         (value == 1 && (opcode == GIRIH_OP_MUL || opcode == GIRIH_OP_CEILDIV || opcode == GIRIH_OP_FLOORDIV));
}

ArtifactBuilder::Expr ArtifactBuilder::binary(girih_opcode opcode, Expr lhs, Expr rhs) {
  auto constantOf = [&](Expr e, int64_t &value) {
    const girih_instruction &first = instructions[expressions[e].first];
    value = first.value;
    return expressions[e].count == 1 && first.opcode == GIRIH_OP_CONST;
  };
  int64_t a = 0, b = 0;
  bool constantLeft = constantOf(lhs, a), constantRight = constantOf(rhs, b);
  bool divides = opcode == GIRIH_OP_CEILDIV || opcode == GIRIH_OP_FLOORDIV;
  assert(!(divides && constantRight && b <= 0) && "divisors are positive");
  if (constantLeft && constantRight)
    return constant(fold(opcode, a, b));
  if (constantRight && isNeutralRight(opcode, b))
    return lhs;
  if (constantLeft && ((opcode == GIRIH_OP_ADD && a == 0) || (opcode == GIRIH_OP_MUL && a == 1)))
    return rhs;
  if ((opcode == GIRIH_OP_MIN || opcode == GIRIH_OP_MAX) && lhs == rhs)
    return lhs;

  std::vector<girih_instruction> code;
  for (Expr operand : {lhs, rhs}) {
    auto begin = instructions.begin() + expressions[operand].first;
    code.insert(code.end(), begin, begin + expressions[operand].count);
  }
  code.push_back({uint32_t(opcode), 0, 0});
  return expression(std::move(code));
}

ArtifactBuilder::Expr ArtifactBuilder::alignTo(Expr a, int64_t multiple) {
  return mul(ceilDiv(a, constant(multiple)), constant(multiple));
}

//===-- Memory -----------------------------------------------------------------------------------------------------===//

uint32_t ArtifactBuilder::addBuffer(std::string_view name, Expr offset, Expr bytes) {
  buffers.push_back({string(name), offset, bytes, 0});
  return buffers.size() - 1;
}

uint32_t ArtifactBuilder::addWeight(const WeightInfo &info, uint32_t source) {
  girih_weight weight = {};
  weight.name = string(info.name);
  weight.source = source;
  weight.bytes = info.bytes;
  weight.file = GIRIH_NONE;
  weight.element_type = info.elementType;
  weight.rank = info.shape.size();
  weight.first_dim = shapes.size();
  weight.layout = info.layout;
  weight.layout_parameter = info.layoutParameter;
  weight.encoding = string(info.encoding);
  shapes.insert(shapes.end(), info.shape.begin(), info.shape.end());
  weights.push_back(weight);
  return weights.size() - 1;
}

uint32_t ArtifactBuilder::addStoredWeight(const WeightInfo &info) {
  uint32_t index = addWeight(info, GIRIH_WEIGHT_STORED);
  constexpr uint64_t alignment = GIRIH_WEIGHT_ALIGNMENT;
  weights[index].offset = (weightBytes + alignment - 1) / alignment * alignment;
  weightBytes = weights[index].offset + info.bytes;
  return index;
}

uint32_t ArtifactBuilder::addExternalFile(std::string_view path, uint64_t bytes, uint64_t checksum) {
  files.push_back({string(path), 0, bytes, checksum});
  return files.size() - 1;
}

uint32_t ArtifactBuilder::addExternalWeight(const WeightInfo &info, uint32_t file, uint64_t offset) {
  uint32_t index = addWeight(info, GIRIH_WEIGHT_EXTERNAL);
  weights[index].file = file;
  weights[index].offset = offset;
  return index;
}

uint32_t ArtifactBuilder::addRandomWeight(const WeightInfo &info, uint64_t seed) {
  uint32_t index = addWeight(info, GIRIH_WEIGHT_RANDOM);
  weights[index].seed = seed;
  return index;
}

//===-- Code -------------------------------------------------------------------------------------------------------===//

uint32_t ArtifactBuilder::addKernel(std::string_view name) {
  assert(versions.empty() && "kernels come before versions");
  kernels.push_back({string(name), 0});
  return kernels.size() - 1;
}

void ArtifactBuilder::addVersion(VersionInfo version) {
  assert(version.kernels.size() == kernels.size() && "every version has every kernel");
  // Section 0 is META; code sections follow in order.
  versions.push_back(
      {string(version.name), uint32_t(1 + images.size()), version.features, version.machine, 0});
  kernelCode.insert(kernelCode.end(), version.kernels.begin(), version.kernels.end());
  images.push_back(std::move(version.image));
}

//===-- Commands ---------------------------------------------------------------------------------------------------===//

uint32_t ArtifactBuilder::addIndices(const std::vector<uint32_t> &list) {
  indices.insert(indices.end(), list.begin(), list.end());
  return indices.size() - list.size();
}

void ArtifactBuilder::addValues(const std::vector<ValueInfo> &list) {
  for (const ValueInfo &info : list) {
    girih_value value = {};
    value.name = string(info.name);
    value.element_type = info.elementType;
    value.rank = info.dims.size();
    value.first_dim = addIndices(info.dims);
    value.flags = (info.hasRange ? uint32_t(GIRIH_VALUE_HAS_RANGE) : 0u) | (info.isState ? uint32_t(GIRIH_VALUE_STATE) : 0u);
    value.range_low = info.rangeLow;
    value.range_high = info.rangeHigh;
    values.push_back(value);
  }
}

void ArtifactBuilder::beginEntry(std::string_view name, const std::vector<ValueInfo> &inputs,
                                 const std::vector<ValueInfo> &outputs) {
  girih_entry entry = {};
  entry.name = string(name);
  entry.first_command = commands.size();
  entry.first_input = values.size();
  entry.input_count = inputs.size();
  addValues(inputs);
  entry.first_output = values.size();
  entry.output_count = outputs.size();
  addValues(outputs);
  entries.push_back(entry);
}

void ArtifactBuilder::endEntry(Expr arenaBytes) {
  girih_entry &entry = entries.back();
  entry.command_count = commands.size() - entry.first_command;
  entry.arena_bytes = arenaBytes;
}

girih_command &ArtifactBuilder::command(uint32_t kind) {
  girih_command command = {};
  command.kind = kind;
  command.kernel = command.first_grid = command.first_arg = GIRIH_NONE;
  command.flops = command.bytes = command.condition = command.counter = command.target = GIRIH_NONE;
  commands.push_back(command);
  return commands.back();
}

void ArtifactBuilder::addArg(const ArgInfo &info) {
  girih_arg arg = {};
  arg.kind = info.kind;
  arg.index = info.index;
  arg.offset = info.offset;
  arg.bytes = info.bytes;
  arg.rank = info.dims.size();
  arg.first_dim = addIndices(info.dims);
  args.push_back(arg);
}

void ArtifactBuilder::launch(const LaunchInfo &info) {
  girih_command &launch = command(GIRIH_COMMAND_LAUNCH);
  launch.label = string(info.label);
  launch.kernel = info.kernel;
  launch.grid_rank = info.grid.size();
  launch.first_grid = addIndices(info.grid);
  launch.arg_count = info.args.size();
  launch.first_arg = args.size();
  launch.flops = info.flops;
  launch.bytes = info.bytes;
  for (const ArgInfo &arg : info.args)
    addArg(arg);
}

void ArtifactBuilder::copy(const ArgInfo &to, const ArgInfo &from, std::string_view label) {
  girih_command &copy = command(GIRIH_COMMAND_COPY);
  copy.label = string(label);
  copy.arg_count = 2;
  copy.first_arg = args.size();
  addArg(to);
  addArg(from);
}

void ArtifactBuilder::barrier() { command(GIRIH_COMMAND_BARRIER); }

uint32_t ArtifactBuilder::beginBranch(Expr condition) {
  command(GIRIH_COMMAND_BRANCH).condition = condition;
  return commands.size() - 1;
}
void ArtifactBuilder::endBranch(uint32_t handle) { commands[handle].target = commands.size(); }

uint32_t ArtifactBuilder::beginLoop(Expr count, uint32_t counter) {
  girih_command &loop = command(GIRIH_COMMAND_LOOP);
  loop.condition = count;
  loop.counter = counter;
  return commands.size() - 1;
}
void ArtifactBuilder::endLoop(uint32_t handle) {
  commands[handle].target = commands.size();
  command(GIRIH_COMMAND_END_LOOP).target = handle;
}
