// How both extension modules raise girih.Error: the class lives in Python (girih/_errors.py), so that the modules share one.
#pragma once

#include "Text.h"

#include <nanobind/nanobind.h>

#include <string>

namespace girih::python {

/// Ends the current call with girih.Error; `status` is the command-line tools' exit status for the same error.
[[noreturn]] inline void raiseError(const std::string &message, const std::string &code, int status) {
  nanobind::object type = nanobind::module_::import_("girih._errors").attr("Error");
  nanobind::object error = type(toText(message), code, status);
  PyErr_SetObject(type.ptr(), error.ptr());
  throw nanobind::python_error();
}

} // namespace girih::python
