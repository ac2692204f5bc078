// Machine code kept between compilations. LLVM's code generator takes four fifths of a compilation's time and
// gives the same code for the same IR, so whoever compiles much the same kernels over and over, as the tests
// do, names a folder in the environment's GIRIH_CODE_CACHE.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <vector>

namespace llvm {
class Module;
} // namespace llvm

namespace girih {

/// What `generate` makes of the module, which is ready for the code generator; or what it made of the same
/// module before. `options` are those of the code generator that the module does not tell. Files in the
/// folder are trusted.
llvm::Expected<std::vector<uint8_t>>
generateOnce(const llvm::Module &module, llvm::StringRef options,
             llvm::function_ref<llvm::Expected<std::vector<uint8_t>>()> generate);

} // namespace girih
