// How girih-run writes a file: whole, or not at all.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace girih::run {

/// The file appears under its name when all parts are on disk; what was there before stays until then. Throws
/// Failure where it cannot be.
void writeFile(const std::string &path, std::initializer_list<std::string_view> parts);

} // namespace girih::run
