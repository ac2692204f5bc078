// Proves that facts files are read exactly and that what is wrong with one is said with its line.
#include "Execution.h"

#include <fstream>
#include <set>

using namespace girih::systolic;

TEST(SystolicMachine, PresetsRoundTrip) {
  EXPECT_EQ(presetNames(), (std::vector<std::string>{"edge16", "edge32", "tpu-v1-like", "tpu-v5e-like"}));
  for (const std::string &name : presetNames()) {
    Machine machine = preset(name), again;
    std::string error;
    EXPECT_EQ(machine.name, name);
    ASSERT_TRUE(Machine::parse(machine.text(), name, again, error)) << error;
    EXPECT_EQ(again.text(), machine.text());
  }
  EXPECT_EQ(preset("tpu-v1-like").dram_bytes_per_cycle, 777);
  EXPECT_EQ(preset("tpu-v5e-like").matmul_cycles_i8, 4);
}

TEST(SystolicMachine, PresetsGiveEveryTiming) {
  for (const std::string &name : presetNames()) {
    std::ifstream file(SYSTOLIC_FACTS "/" + name + ".facts");
    std::set<std::string> given;
    for (std::string line; std::getline(file, line);)
      given.insert(line.substr(0, line.find(' ')));
    // What is left to a default: the kinds of array that all presets are, and the energies, whose table
    // SystolicMachine.def names.
    for (const char *key : {
#define SYSTOLIC_FACT(key, least, most, init, meaning) #key,
#define SYSTOLIC_RATE(key, parts, least, most, init, meaning) #key,
#include "girih-runtime/SystolicMachine.def"
         })
      if (std::string(key) != "shadow_weights" && std::string(key) != "output_stationary")
        EXPECT_TRUE(given.count(key)) << name << " does not give " << key;
  }
}

TEST(SystolicMachine, SaysWhatIsWrong) {
  Machine machine;
  std::string error, text = preset("edge16").text();
  auto refused = [&](const std::string &changed) {
    EXPECT_FALSE(Machine::parse(changed, "file", machine, error));
    return error;
  };
  EXPECT_NE(refused(text + "arrays = 1\n").find("'arrays' was already given on line"), std::string::npos) << error;
  EXPECT_EQ(refused("target = systolic\nname = x\nsize = 3\n"),
            "file:3: unknown key 'size'; girih-sim --print-machine prints a machine's keys");
  EXPECT_NE(refused("target = cpu\n").find("expected target systolic, but found 'cpu'"), std::string::npos) << error;
  EXPECT_NE(refused("target = systolic\nname = x\narrays = 9\n").find("expected arrays between 1 and 8, but found '9'"), std::string::npos) << error;
  EXPECT_NE(refused("target = systolic\nname = x\n").find("expected a line 'arrays = …', but found none"), std::string::npos) << error;
  EXPECT_NE(refused("target = systolic\nname = x\ndram_bytes_per_cycle = 0.01\n").find("in steps of 1/16"), std::string::npos) << error;
  EXPECT_FALSE(Machine::find("edge64", machine, error));
  EXPECT_EQ(error, "expected a machine: edge16, edge32, tpu-v1-like, tpu-v5e-like, or the path of a facts file, but found 'edge64'");
}
