// Proves that whatever goes wrong with driver or device becomes an error with a stable code and a sentence
// that says what to do, and that the process goes on.
#include "../TestArtifact.h"
#include "CudaStub.h"
#include "NVIDIAImage.h"

using namespace girih::test;

namespace {

class Fault : public testing::Test {
protected:
  void SetUp() override { cuda::reset(); }
  void TearDown() override {
    EXPECT_EQ(cuda::alive(), "");
    cuda::reset();
  }
};

ArtifactBuilder modelOf(const KernelForm &form) {
  ArtifactBuilder b = sampleModel();
  b.versions.clear();
  b.kernelCode.clear();
  b.images.clear();
  addNVIDIAVersion(b, form);
  return b;
}

void expectLoad(const ArtifactBuilder &builder, girih_code code, const std::string &part) {
  std::string message;
  EXPECT_EQ(girih_code_name(loadCode(serialize(builder), &message)), std::string(girih_code_name(code)))
      << message;
  EXPECT_NE(message.find(part), message.npos) << message;
}

girih_code runOnce(girih_session *session, std::string *message = nullptr) {
  std::vector<int32_t> x = counting(100), y;
  girih_status status = {};
  girih_code code = runVector(session, x, y, &status);
  if (!code) {
    EXPECT_EQ(y, sampleAnswer(x));
  }
  if (message)
    *message = status.message;
  return code;
}

void expectRuns(const KernelForm &form) {
  LoadedModule module(serialize(modelOf(form)));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  SessionHandle session = openSession(module.get(), 1);
  EXPECT_EQ(runOnce(session.get()), GIRIH_OK);
}

void expectRunFails(const KernelForm &form, girih_code code, const std::string &part) {
  LoadedModule module(serialize(modelOf(form)));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  SessionHandle session = openSession(module.get(), 1);
  std::string message;
  EXPECT_EQ(runOnce(session.get(), &message), code) << message;
  EXPECT_NE(message.find(part), message.npos) << message;
}

} // namespace

//===-- Devices
//----------------------------------------------------------------------------------------------------===//

TEST_F(Fault, NoDevice) {
  cuda::reset({.devices = 0});
  expectLoad(sampleModel(), GIRIH_MISSING_DEVICE,
             "shows none to this process; look at nvidia-smi and CUDA_VISIBLE_DEVICES");
  cuda::reset();
  expectRuns({});
}

TEST_F(Fault, AnotherArchitecture) {
  cuda::reset({.capability = 80});
  expectLoad(sampleModel(), GIRIH_UNSUPPORTED_DEVICE,
             "compiled for sm_90, but NVIDIA Stub is of sm_80; compile the model with --target=nvidia:sm_80");
  cuda::reset({.capability = 100});
  expectLoad(
      modelOf({.isSpecific = true}), GIRIH_UNSUPPORTED_DEVICE,
      "compiled for sm_90a, but NVIDIA Stub is of sm_100; compile the model with --target=nvidia:sm_100a");
  expectLoad(modelOf({.ptx = ""}), GIRIH_UNSUPPORTED_DEVICE, "compiled for sm_90, but");
  expectLoad(modelOf({.sharedBytes = 300 << 10}), GIRIH_UNSUPPORTED_DEVICE,
             "takes 307200 bytes of shared memory a block");
}

TEST_F(Fault, LaterDevicesCompileThePtx) {
  expectRuns({.isSpecific = true});
  EXPECT_EQ(cuda::calls("jit"), 0u);
  cuda::reset({.capability = 100});
  expectRuns({});
  EXPECT_EQ(cuda::calls("jit"), 2u);
  EXPECT_EQ(cuda::calls("cuModuleLoadDataEx"), 2u);
}

TEST_F(Fault, LargeSharedMemoryIsAskedFor) {
  expectRuns({.sharedBytes = 200 << 10});
  EXPECT_EQ(cuda::calls("cuFuncSetAttribute"), 2u);
}

TEST_F(Fault, OneThatCannotBeUsed) {
  cuda::fail("cuDevicePrimaryCtxRetain", 46);
  expectLoad(sampleModel(), GIRIH_MACHINE_FAILED, "cannot use it");
  expectRuns({});
}

//===-- Code
//-------------------------------------------------------------------------------------------------------===//

TEST_F(Fault, DriverThatIsTooOldForTheCode) {
  cuda::reset({.version = 12040});
  expectRunFails({.cubin = false}, GIRIH_OLD_DRIVER,
                 "the driver, of CUDA 12.4, is too old for the artifact's PTX");
  cuda::fail("cuModuleLoadDataEx", 200);
  expectRunFails({.ptx = ""}, GIRIH_OLD_DRIVER, "the driver, of CUDA 12.4, refuses the artifact's code");
}

TEST_F(Fault, CubinsThatTheDriverRefusesAreCompiledFromPtx) {
  cuda::fail("cuModuleLoadDataEx", 209);
  expectRuns({});
  EXPECT_EQ(cuda::calls("jit"), 1u);
}

TEST_F(Fault, PtxThatDoesNotCompile) {
  expectRunFails({.cubin = false, .ptx = "// stub nothing 3"}, GIRIH_MACHINE_FAILED,
                 "the driver refuses the PTX of kernel");
}

TEST_F(Fault, DamagedKernels) {
  const char *part = "expected an NVIDIA kernel at byte";
  auto spoiled = [&](auto spoil) {
    ArtifactBuilder b = sampleModel();
    spoil(*reinterpret_cast<girih_nvidia_kernel *>(b.images[0].data()), b);
    expectLoad(b, GIRIH_DAMAGED_ARTIFACT, part);
  };
  using Header = girih_nvidia_kernel;
  spoiled([](Header &header, auto &) { header.magic = 1; });
  spoiled([](Header &header, auto &) { header.threads = 0; });
  spoiled([](Header &header, auto &) { header.threads = 2048; });
  spoiled([](Header &header, auto &) { header.words = 1 << 20; });
  spoiled([](Header &header, auto &) { header.unit = 9; });
  spoiled([](Header &header, auto &) { header.name_bytes = 2; });
  spoiled([](Header &header, auto &) { header.ptx_bytes = UINT64_MAX; });
  spoiled([](Header &header, auto &) { header.cubin_bytes = UINT64_MAX - 3; });
  spoiled([](Header &header, auto &) { header.ptx_bytes = header.cubin_bytes = 0; });
  spoiled([](Header &, auto &b) { b.kernelCode[0].entry = 4; });
  spoiled([](Header &, auto &b) { b.kernelCode[0].entry = b.images[0].size() - 8; });
}

TEST_F(Fault, LaunchesThatDoNotFitTheirKernel) {
  ArtifactBuilder b = sampleModel();
  reinterpret_cast<girih_nvidia_kernel *>(b.images[0].data())->words = 7;
  LoadedModule module(serialize(b));
  SessionHandle session = openSession(module.get(), 1);
  std::string message;
  EXPECT_EQ(runOnce(session.get(), &message), GIRIH_DAMAGED_ARTIFACT);
  EXPECT_NE(message.find("kernel 'add_one' takes 7 words"), message.npos) << message;
}

//===-- Runs
//-------------------------------------------------------------------------------------------------------===//

TEST_F(Fault, AKernelThatStops) {
  {
    LoadedModule module(serialize(sampleModel()));
    SessionHandle session = openSession(module.get(), 1), other = openSession(module.get(), 1);
    EXPECT_EQ(runOnce(session.get()), GIRIH_OK);
    cuda::fail("kernel", 700, 1);
    std::string message;
    EXPECT_EQ(runOnce(session.get(), &message), GIRIH_DEVICE_LOST);
    EXPECT_NE(message.find("CUDA_ERROR_ILLEGAL_ADDRESS"), message.npos) << message;
    EXPECT_NE(message.find("release its sessions, caches and modules and load anew"), message.npos)
        << message;
    EXPECT_EQ(runOnce(session.get()), GIRIH_DEVICE_LOST);
    EXPECT_EQ(runOnce(other.get()), GIRIH_DEVICE_LOST);
  }
  EXPECT_EQ(cuda::alive(), "") << "the context went with the last module";
  expectRuns({});
}

TEST_F(Fault, ALaunchThatIsRefusedIsNamed) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 1);
  cuda::fail("cuLaunchKernel", 701, 1);
  std::string message;
  EXPECT_EQ(runOnce(session.get(), &message), GIRIH_MACHINE_FAILED);
  EXPECT_NE(message.find("cannot launch layer.0.second (kernel add_vectors)"), message.npos) << message;
  EXPECT_EQ(runOnce(session.get()), GIRIH_OK);
}

/// Loads, opens, runs four times, once with times wanted; whatever fails must say so.
static girih_code tryAll(const std::vector<uint8_t> &bytes) {
  LoadedModule module(bytes);
  if (module.status.code) {
    EXPECT_NE(module.status.message[0], 0);
    return module.status.code;
  }
  girih_status status = {};
  SessionHandle session = openSession(module.get(), 1, &status);
  girih_code first = status.code;
  for (int i = 0; session && i != 4; ++i) {
    if (i == 3)
      girih_session_set_trace(session.get(), [](void *, const girih_trace_event *) {}, nullptr);
    std::string message;
    if (girih_code code = runOnce(session.get(), &message)) {
      EXPECT_NE(message, "");
      first = first ? first : code;
    }
  }
  return first;
}

/// Every call of every function fails once.
TEST_F(Fault, AnyCallMayFail) {
  std::vector<uint8_t> bytes = serialize(sampleModel());
  for (const char *function :
       {"cuDeviceGetCount", "cuDevicePrimaryCtxRetain", "cuMemAlloc_v2", "cuMemHostAlloc",
        "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemsetD8Async", "cuStreamCreate",
        "cuStreamSynchronize", "cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags",
        "cuGraphLaunch", "cuEventCreate", "cuEventRecordWithFlags", "cuEventElapsedTime",
        "cuModuleLoadDataEx", "cuModuleGetFunction", "cuLaunchKernel"}) {
    cuda::reset();
    tryAll(bytes);
    uint64_t calls = cuda::calls(function);
    EXPECT_GT(calls, 0u) << function;
    for (uint64_t skipped = 0; skipped != calls; ++skipped) {
      cuda::reset();
      cuda::fail(function, 1, skipped);
      EXPECT_NE(tryAll(bytes), GIRIH_OK) << function << " after " << skipped;
      EXPECT_EQ(cuda::complaints(), "") << function << " after " << skipped;
      EXPECT_EQ(tryAll(bytes), GIRIH_OK) << function << " after " << skipped;
    }
  }
}
