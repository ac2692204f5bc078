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

girih_code Machine::open(const char *name, const MachineImage &image, girih_status *status) {
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
  girih_status own = {};
  status = status ? status : &own;
  handle = library->open(image, status);
  return handle ? GIRIH_OK : status->code;
}

//===-- Memory
//-----------------------------------------------------------------------------------------------------===//

girih_code Machine::lacks(const char *what, uint64_t bytes, const char *advice, girih_status *status) const {
  const char *name;
  uint64_t left, all;
  memory().describe(handle, &name, &left, &all);
  return fail(status, GIRIH_OUT_OF_DEVICE_MEMORY, "%s take %.1f MiB, but %s has %.1f MiB free of %.1f; %s",
              what, double(bytes) / 0x1p20, name, double(left) / 0x1p20, double(all) / 0x1p20, advice);
}

girih_code MachineBlock::allocate(const Machine &machine, uint64_t bytes, girih_status *status) {
  release();
  if (bytes == 0)
    return GIRIH_OK;
  if (girih_code code = machine.memory().allocate(machine.self(), bytes, &address, status))
    return code;
  owner = &machine;
  length = bytes;
  return GIRIH_OK;
}

void MachineBlock::release() {
  if (address)
    owner->memory().release(owner->self(), address);
  address = 0;
  length = 0;
}

girih_code PinnedBlock::allocate(const Machine &machine, uint64_t bytes, girih_status *status) {
  release();
  if (bytes == 0)
    return GIRIH_OK;
  owner = &machine;
  return machine.memory().allocateHost(machine.self(), bytes, &memory, status);
}

void PinnedBlock::release() {
  if (memory)
    owner->memory().releaseHost(owner->self(), memory);
  memory = nullptr;
}
