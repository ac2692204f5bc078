// Files are written as the compiler writes artifacts: without a name until they are complete.
#include "Output.h"
#include "Report.h"

#include "lib/Artifact/PendingFile.h"

using namespace girih;

void run::writeFile(const std::string &path, std::initializer_list<std::string_view> parts) {
  artifact::PendingFile file(path);
  artifact::WriteResult result = file.open();
  for (std::string_view part : parts)
    if (result.ok())
      result = file.write(part.data(), part.size());
  if (result.ok())
    result = file.commit();
  if (!result.ok())
    throw Failure{Resource, result.code, result.message};
}
