// The table of code versions.
#include "lib/Target/CPU/CodeVersion.h"

using namespace girih::cpu;
using llvm::StringRef;

static const StringRef v3Features[] = {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"};
static const StringRef v4Features[] = {"avx",  "avx2",    "bmi1",     "bmi2",     "f16c",    "fma",
                                       "movbe", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"};

// 16 ymm hold 6 x 2 accumulators, two vectors of the right operand and a broadcast; or one row as wide as a
// panel, which then is read from memory in one pass. 32 zmm hold 24 accumulators and up to four vectors of
// operands; 8 x 3 loads least for its arithmetic, and measured best.
static const int64_t v3Rows[] = {6, 3, 1};
static const int64_t v4Rows[] = {16, 12, 8};

static const CodeVersion versions[] = {
    {"x86-64-v3", "+prfchw", v3Features, v3Rows, /*blockVectors=*/1, /*scalesSums=*/true},
    {"x86-64-v4", "-prefer-256-bit,+prfchw", v4Features, v4Rows, /*blockVectors=*/3, /*scalesSums=*/false},
};

llvm::ArrayRef<CodeVersion> girih::cpu::codeVersions() { return versions; }

const CodeVersion *girih::cpu::findCodeVersion(StringRef name) {
  for (const CodeVersion &version : versions)
    if (version.name == name)
      return &version;
  return nullptr;
}
