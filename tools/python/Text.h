// Text between C and Python. What comes from a path or an artifact need not be UTF-8; Python's own convention for such bytes
// (surrogateescape) keeps them and never fails.
#pragma once

#include <nanobind/nanobind.h>

#include <string_view>

namespace girih::python {

inline nanobind::object toText(std::string_view bytes) {
  return nanobind::steal(PyUnicode_DecodeUTF8(bytes.data(), Py_ssize_t(bytes.size()), "surrogateescape"));
}

} // namespace girih::python
