// girihc's command line.
#pragma once

#include "girih/Compiler.h"

namespace girihc {

struct Arguments {
  girih::CompileOptions options;
  bool help = false, version = false, listStages = false, listTargets = false, quiet = false, verbose = false;
};

/// Parses; a wrong command line is a usage error.
llvm::Expected<Arguments> parseArguments(llvm::ArrayRef<const char *> words);

/// The help text, at most 60 lines.
llvm::StringRef helpText();

} // namespace girihc
