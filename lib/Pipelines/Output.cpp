// Writes dumps the way artifacts are written.
#include "lib/Pipelines/Output.h"

#include "lib/Artifact/PendingFile.h"
#include "lib/Support/Error.h"

using namespace girih;

static llvm::Error writeStandardOutput(llvm::StringRef content) {
  llvm::outs() << content;
  llvm::outs().flush();
  if (!llvm::outs().has_error())
    return llvm::Error::success();
  std::string reason = llvm::outs().error().message();
  llvm::outs().clear_error();
  return resourceError("cannot-write", "cannot write to standard output: {0}", reason);
}

llvm::Error girih::writeOutput(llvm::StringRef path, llvm::StringRef content) {
  if (path == "-")
    return writeStandardOutput(content);
  artifact::PendingFile file(path.str());
  artifact::WriteResult result = file.open();
  if (result.ok())
    result = file.write(content.data(), content.size());
  if (result.ok())
    result = file.commit();
  if (!result.ok())
    return resourceError(result.code, "{0}", result.message);
  return llvm::Error::success();
}
