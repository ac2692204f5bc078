// Proves that no damaged artifact is run: every flipped bit, every truncation, and every table field that lies (its checksum
// made right again) is found when the file is loaded, with a stable code.
#include "TestArtifact.h"

#include <functional>

using namespace girih::test;

TEST(Load, TakesTheFullModel) {
  std::string message;
  EXPECT_EQ(loadCode(serialize(fullModel()), &message), GIRIH_OK) << message;
}

TEST(Load, FindsEveryFlippedBit) {
  std::vector<uint8_t> bytes = serialize(fullModel());
  for (size_t i = 0; i != bytes.size(); ++i)
    for (int bit = 0; bit != 8; ++bit) {
      bytes[i] ^= uint8_t(1 << bit);
      ASSERT_NE(loadCode(bytes), GIRIH_OK) << "byte " << i << ", bit " << bit;
      bytes[i] ^= uint8_t(1 << bit);
    }
  EXPECT_EQ(loadCode(bytes), GIRIH_OK);
}

TEST(Load, FindsEveryTruncationAndExtension) {
  std::vector<uint8_t> bytes = serialize(fullModel());
  for (size_t size = 0; size < bytes.size(); size += size < 5000 ? 61 : 997) {
    std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + size);
    ASSERT_EQ(loadCode(cut), GIRIH_DAMAGED_ARTIFACT) << size;
  }
  bytes.push_back(0);
  EXPECT_EQ(loadCode(bytes), GIRIH_DAMAGED_ARTIFACT);
}

TEST(Load, SaysWhatAFileIsNot) {
  TemporaryFolder folder;
  girih_module *module = nullptr;
  girih_status status;
  EXPECT_EQ(girih_module_load(folder.path("none").c_str(), nullptr, &module, &status), GIRIH_CANNOT_READ);
  EXPECT_EQ(girih_module_load(folder.path("").c_str(), nullptr, &module, &status), GIRIH_CANNOT_READ);
  writeBytes(folder.path("empty"), {});
  EXPECT_EQ(girih_module_load(folder.path("empty").c_str(), nullptr, &module, &status), GIRIH_DAMAGED_ARTIFACT);
  EXPECT_STREQ(status.message, "expected a Girih artifact but the file does not start as one");
  EXPECT_EQ(girih_module_load(nullptr, nullptr, &module, &status), GIRIH_INVALID_ARGUMENT);
}

TEST(Load, RefusesOtherVersionsAndByteOrders) {
  for (size_t field : {offsetof(girih_file_header, version), offsetof(girih_file_header, endianness)}) {
    std::vector<uint8_t> bytes = serialize(sampleModel());
    bytes[field] ^= 3;
    repairChecksums(bytes);
    EXPECT_EQ(loadCode(bytes), GIRIH_UNSUPPORTED_FORMAT);
  }
}

TEST(Load, SurvivesAnyWordThatLies) {
  // No checksum helps here: every word of header and META takes extreme values. What is accepted must describe itself and open
  // a session without a crash.
  std::vector<uint8_t> bytes = serialize(fullModel());
  const auto *header = reinterpret_cast<const girih_file_header *>(bytes.data());
  size_t end = header->sections[0].offset + header->sections[0].bytes;
  for (size_t at = 0; at + 4 <= end; at += 4) {
    if (at == sizeof(girih_file_header))
      at = GIRIH_PAGE_BYTES;
    uint32_t original;
    memcpy(&original, bytes.data() + at, 4);
    for (uint32_t value : {0u, 1u, 0x7fffffffu, 0xffffffffu, original + 1, original - 1}) {
      std::vector<uint8_t> spoiled = bytes;
      memcpy(spoiled.data() + at, &value, 4);
      repairChecksums(spoiled);
      LoadedModule module(spoiled);
      if (module.status.code != GIRIH_OK)
        continue;
      girih_module_info info;
      girih_module_describe(module.get(), &info);
      uint64_t arena = 0;
      if (girih_module_arena_bytes(module.get(), GIRIH_NONE, nullptr, &arena, nullptr) == GIRIH_OK && arena < (64u << 20))
        openSession(module.get(), 1);
    }
  }
}

TEST(Load, RefusesEveryTableFieldOutOfBounds) {
  using Spoil = std::function<void(ArtifactBuilder &)>;
  const uint32_t far = 1000000;
  const std::pair<const char *, Spoil> spoils[] = {
      {"string table without end", [](auto &b) { b.strings.back() = 'x'; }},
      {"property key", [&](auto &b) { b.properties[0].key = far; }},
      {"property value", [&](auto &b) { b.properties[0].value = far; }},
      {"symbol name", [&](auto &b) { b.symbols[0].name = far; }},
      {"symbol kind", [&](auto &b) { b.symbols[0].kind = 2; }},
      {"symbol minimum", [&](auto &b) { b.symbols[0].min = -1; }},
      {"symbol bounds", [&](auto &b) { b.symbols[0].max = 0; }},
      {"symbol so great that sizes overflow", [&](auto &b) { b.symbols[0].max = INT64_MAX; }},
      {"opcode", [&](auto &b) { b.instructions[0].opcode = 9; }},
      {"instruction's reserved field", [&](auto &b) { b.instructions[0].reserved = 1; }},
      {"expression start", [&](auto &b) { b.expressions[0].first = far; }},
      {"expression length", [&](auto &b) { b.expressions[0].count = 0; }},
      {"index", [&](auto &b) { b.indices[0] = far; }},
      {"buffer name", [&](auto &b) { b.buffers[0].name = far; }},
      {"buffer offset", [&](auto &b) { b.buffers[0].offset = far; }},
      {"buffer size", [&](auto &b) { b.buffers[0].bytes = GIRIH_NONE; }},
      {"buffer size below zero", [&](auto &b) { b.buffers[0].bytes = b.constant(-1); }},
      {"weight name", [&](auto &b) { b.weights[0].name = far; }},
      {"weight encoding", [&](auto &b) { b.weights[0].encoding = far; }},
      {"weight source", [&](auto &b) { b.weights[0].source = 3; }},
      {"weight offset", [&](auto &b) { b.weights[0].offset = 1 << 20; }},
      {"weight alignment", [&](auto &b) { b.weights[0].offset = 4; }},
      {"weight size", [&](auto &b) { b.weights[0].bytes = UINT64_MAX; }},
      {"weight type", [&](auto &b) { b.weights[0].element_type = 0; }},
      {"weight rank", [&](auto &b) { b.weights[0].rank = 9; }},
      {"weight shape", [&](auto &b) { b.weights[0].first_dim = far; }},
      {"negative shape", [&](auto &b) { b.shapes[0] = -1; }},
      {"weight layout", [&](auto &b) { b.weights[0].layout = 3; }},
      {"external file of a weight", [&](auto &b) { b.weights[0].source = GIRIH_WEIGHT_EXTERNAL; }},
      {"random weight's size", [&](auto &b) { b.weights[1].bytes += 4; }},
      {"random weight's panel", [&](auto &b) { b.weights[1].layout_parameter = 0; }},
      {"random weight's layout", [&](auto &b) { b.weights[1].layout = GIRIH_LAYOUT_OTHER; }},
      {"code version's name", [&](auto &b) { b.versions[0].name = far; }},
      {"code version's section", [&](auto &b) { b.versions[0].section = 0; }},
      {"code version's features", [&](auto &b) { b.versions[0].features = uint64_t(1) << GIRIH_CPU_FEATURE_COUNT; }},
      {"kernel name", [&](auto &b) { b.kernels[0].name = far; }},
      {"kernel entry", [&](auto &b) { b.kernelCode[0].entry = 1 << 20; }},
      {"kernel scratch", [&](auto &b) { b.kernelCode[0].scratch_bytes = UINT64_MAX; }},
      {"kernel without code", [&](auto &b) { b.kernelCode.pop_back(); }},
      {"argument kind", [&](auto &b) { b.args[0].kind = 4; }},
      {"argument index", [&](auto &b) { b.args[0].index = 1; }},
      {"argument offset", [&](auto &b) { b.args[0].offset = far; }},
      {"argument offset below zero", [&](auto &b) { b.args[0].offset = b.constant(-4); }},
      {"argument size", [&](auto &b) { b.args[0].bytes = far; }},
      {"argument rank", [&](auto &b) { b.args[0].rank = 9; }},
      {"argument dims", [&](auto &b) { b.args[0].first_dim = far; }},
      {"command kind", [&](auto &b) { b.commands[0].kind = 6; }},
      {"command label", [&](auto &b) { b.commands[0].label = far; }},
      {"launch's kernel", [&](auto &b) { b.commands[0].kernel = far; }},
      {"grid rank", [&](auto &b) { b.commands[0].grid_rank = 5; }},
      {"grid", [&](auto &b) { b.commands[0].first_grid = far; }},
      {"argument count", [&](auto &b) { b.commands[0].arg_count = GIRIH_MAX_ARGS + 1; }},
      {"arguments", [&](auto &b) { b.commands[0].first_arg = far; }},
      {"flops", [&](auto &b) { b.commands[0].flops = far; }},
      {"bytes", [&](auto &b) { b.commands[0].bytes = far; }},
      {"branch condition", [&](auto &b) { b.commands[5].condition = far; }},
      {"branch back", [&](auto &b) { b.commands[5].target = 5; }},
      {"branch out of its entry", [&](auto &b) { b.commands[5].target = 11; }},
      {"branch into a loop", [&](auto &b) { b.commands[5].target = 7; }},
      {"loop count", [&](auto &b) { b.commands[6].condition = far; }},
      {"loop count past the counter's bounds", [&](auto &b) { b.commands[6].condition = b.constant(5); }},
      {"loop counter", [&](auto &b) { b.commands[6].counter = 0; }},
      {"loop end", [&](auto &b) { b.commands[6].target = 7; }},
      {"end of another loop", [&](auto &b) { b.commands[8].target = 5; }},
      {"counter outside its loop", [&](auto &b) { b.commands[9].bytes = b.symbol(1); }},
      {"copy to a weight", [&](auto &b) { b.args[b.commands[9].first_arg].kind = GIRIH_ARG_WEIGHT; }},
      {"copy of one argument", [&](auto &b) { b.commands[9].arg_count = 1; }},
      {"input name", [&](auto &b) { b.values[0].name = far; }},
      {"input type", [&](auto &b) { b.values[0].element_type = 7; }},
      {"input rank", [&](auto &b) { b.values[0].rank = 9; }},
      {"input dims", [&](auto &b) { b.values[0].first_dim = far; }},
      {"input flags", [&](auto &b) { b.values[0].flags = 4; }},
      {"an output that is a state", [&](auto &b) { b.values[1].flags = GIRIH_VALUE_STATE; }},
      {"symbol that no input binds", [&](auto &b) { b.values[0].rank = 0; }},
      {"entry name", [&](auto &b) { b.entries[0].name = far; }},
      {"entry commands", [&](auto &b) { b.entries[0].command_count = far; }},
      {"entry inputs", [&](auto &b) { b.entries[0].first_input = far; }},
      {"entry outputs", [&](auto &b) { b.entries[0].output_count = far; }},
      {"entry arena", [&](auto &b) { b.entries[0].arena_bytes = far; }},
      {"no entry", [&](auto &b) { b.entries.clear(); }},
  };
  for (const auto &[what, spoil] : spoils) {
    ArtifactBuilder b = fullModel();
    spoil(b);
    std::string message;
    EXPECT_EQ(loadCode(withTablesOf(fullModel(), b), &message), GIRIH_DAMAGED_ARTIFACT) << what << ": " << message;
  }
}

TEST(Load, RefusesMemoryThatDoesNotFitAtTheSizesOfARun) {
  // The tables are sound by themselves; only a run's sizes show that a piece passes the end of what it lies in.
  using Spoil = std::function<void(ArtifactBuilder &)>;
  const Spoil spoils[] = {
      [](auto &b) { b.entries[0].arena_bytes = b.constant(0); },
      [](auto &b) { b.buffers[1].offset = b.constant(1 << 30); },
      [](auto &b) { b.buffers[0].offset = b.constant(4); },
      [](auto &b) { b.args[0].bytes = b.constant(100000); },
      [](auto &b) { b.args[3].bytes = b.constant(13); },
      [](auto &b) { b.args[0].offset = b.constant(100000), b.args[0].bytes = GIRIH_NONE; },
  };
  for (const Spoil &spoil : spoils) {
    ArtifactBuilder b = sampleModel();
    spoil(b);
    LoadedModule module(serialize(b));
    ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
    SessionHandle session = openSession(module.get(), 2);
    std::vector<int32_t> x = counting(100), y;
    girih_code code = runVector(session.get(), x, y);
    EXPECT_TRUE(code == GIRIH_DAMAGED_ARTIFACT || code == GIRIH_SIZE_OUT_OF_BOUNDS) << code;
    EXPECT_EQ(y, std::vector<int32_t>(100, -1));
  }
}

//===-- Code versions ----------------------------------------------------------------------------------------------===//

/// A version that needs all of the format's features, and one that needs none.
static std::vector<uint8_t> versionedModel() {
  ArtifactBuilder b;
  for (int i = 0; i != KernelCount; ++i)
    b.addKernel(kernelNames[i]);
  const uint64_t everything = (uint64_t(1) << GIRIH_CPU_FEATURE_COUNT) - 1;
  for (auto [name, features] : {std::pair("everything", everything), std::pair("plain", uint64_t(0))}) {
    girih::artifact::VersionInfo version = {name, features, GIRIH_MACHINE_CPU, kernelImage(), {}};
    for (int i = 0; i != KernelCount; ++i)
      version.kernels.push_back({kernelEntry(Kernel(i)), kernelScratch(Kernel(i))});
    b.addVersion(std::move(version));
  }
  b.beginEntry("nothing", {}, {});
  b.endEntry(b.constant(0));
  return serialize(b);
}

TEST(Load, ChoosesTheCodeVersionWanted) {
  TemporaryFolder folder;
  writeBytes(folder.path("a"), versionedModel());
  girih_load_options options;
  GIRIH_INIT(options);
  options.code_version = "plain";
  girih_module *module = nullptr;
  girih_status status;
  ASSERT_EQ(girih_module_load(folder.path("a").c_str(), &options, &module, &status), GIRIH_OK) << status.message;
  girih_module_info info;
  girih_module_describe(module, &info);
  EXPECT_STREQ(info.code_version, "plain");
  EXPECT_STREQ(girih_module_code_version(module, 1), "plain");
  EXPECT_EQ(girih_module_code_version(module, 2), nullptr);
  girih_module_release(module);
  options.code_version = "x86-64-v9";
  EXPECT_EQ(girih_module_load(folder.path("a").c_str(), &options, &module, &status), GIRIH_INVALID_ARGUMENT);
  EXPECT_STREQ(status.message,
               "expected one of the artifact's code versions (everything, plain) but got 'x86-64-v9'");
}

TEST(Load, MapsCodeReadableAndExecutableButNotWritable) {
  LoadedModule module(serialize(sampleModel()));
  ASSERT_EQ(module.status.code, GIRIH_OK);
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512];
  while (fgets(line, sizeof(line), maps))
    EXPECT_EQ(strstr(line, " rwxp "), nullptr) << line;
  fclose(maps);
}
