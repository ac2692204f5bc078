// What a facts file says about an NVIDIA GPU. `key = value` text, as for every machine; lib/Target/Facts has examples.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace girih::nvidia {

struct Facts {
  std::string name, description;
  std::string architecture;         // "sm_90a", as ptxas names it
  int64_t ptx = 0;                  // version of PTX to write, times ten: 80
  int64_t multiprocessors = 0;
  int64_t sharedBytes = 0;          // that one block can have
  int64_t registers = 0;            // of a multiprocessor, 32 bits each
  int64_t l2Bytes = 0, memoryBytes = 0;
  int64_t memoryBytesPerSecond = 0; // the data sheet's
  int64_t flopsF32 = 0, flopsBF16 = 0, flopsFP8 = 0; // a second, dense
  std::string text;                 // the file itself, which artifacts carry

  /// Ten times the major and minor compute capability: 90.
  unsigned capability() const;
  /// Whether code for the architecture runs on no other one, as sm_90a's does.
  bool isSpecific() const { return llvm::StringRef(architecture).ends_with("a"); }

  /// Unknown keys, missing ones and bad numbers are errors; `origin` names the file in them.
  static llvm::Expected<Facts> parse(llvm::StringRef text, llvm::StringRef origin);
};

} // namespace girih::nvidia
