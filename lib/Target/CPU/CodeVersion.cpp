// The table of code versions.
#include "lib/Target/CPU/CodeVersion.h"

using namespace girih::cpu;
using llvm::StringRef;

static const StringRef v3Features[] = {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"};
static const StringRef v4Features[] = {"avx",  "avx2",    "bmi1",     "bmi2",     "f16c",    "fma",
                                       "movbe", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"};

// Registers: 16 ymm hold 6 x 2 accumulators, two columns of B and a broadcast; 32 zmm hold 12 x 2.
static const CodeVersion versions[] = {
    {"x86-64-v3", "", v3Features, 6, 16},
    {"x86-64-v4", "-prefer-256-bit", v4Features, 12, 32},
};

llvm::ArrayRef<CodeVersion> girih::cpu::codeVersions() { return versions; }

const CodeVersion *girih::cpu::findCodeVersion(StringRef name) {
  for (const CodeVersion &version : versions)
    if (version.name == name)
      return &version;
  return nullptr;
}
