// Finds and opens a machine's library.
#include "Machine.h"

#include <dlfcn.h>

#include <climits>
#include <cstring>
#include <string>
#include <unistd.h>

using namespace girih::runtime;

Machine::~Machine() {
  if (handle)
    library->close(handle);
}

/// The folder of the file that holds this code, with its last slash. A program that was found in PATH is
/// known to the linker by name alone.
static std::string folderOfThis() {
  char path[PATH_MAX] = "";
  Dl_info here;
  if (dladdr(reinterpret_cast<void *>(&folderOfThis), &here) && here.dli_fname && strchr(here.dli_fname, '/'))
    snprintf(path, sizeof(path), "%s", here.dli_fname);
  else if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
    return "";
  char *slash = strrchr(path, '/');
  return slash ? std::string(path, slash + 1) : "";
}

/// The library stays open: other modules may use it, and a process has one of each machine.
static void *openLibrary(const std::string &file) {
  if (std::string folder = folderOfThis(); !folder.empty())
    for (const char *place : {"", "../lib/", "../../lib/"}) // the last: a build's Python package
      if (void *library = dlopen((folder + place + file).c_str(), RTLD_NOW | RTLD_LOCAL))
        return library;
  return dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
}

girih_code Machine::open(const char *name, const char *facts, std::span<const uint8_t> image,
                         girih_status *status) {
  std::string file = std::string("libgirih_") + name + ".so";
  void *opened = openLibrary(file);
  auto function =
      opened ? reinterpret_cast<MachineLibraryFunction>(dlsym(opened, "girih_machine_library")) : nullptr;
  if (!function)
    return fail(
        status, GIRIH_MISSING_LIBRARY,
        "the artifact holds programs for the %s machine, whose library %s was not found beside the runtime; "
        "install it there or name its folder in LD_LIBRARY_PATH",
        name, file.c_str());
  library = function();
  char message[400] = "";
  handle = library->open(facts, image.data(), image.size(), message, sizeof(message));
  return handle ? GIRIH_OK : fail(status, GIRIH_DAMAGED_ARTIFACT, "%s; compile the model anew", message);
}
