// Reads JSON from files that may be damaged or hostile: depth, size and repeated keys are checked before the text reaches
// llvm::json, whose parser recurses and lets the last of two equal keys win. Also quotes untrusted text for messages.
#pragma once

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <string>

namespace girih {

/// Parses `text`; `where` names the file in messages and `code` is the error's code. Objects and arrays nest at most 32 deep.
llvm::Expected<llvm::json::Value> parseJson(llvm::StringRef text, llvm::StringRef where, llvm::StringRef code = "bad-json");

/// Reads and parses a file whose root is an object. The file may be at most 16 MB.
llvm::Expected<llvm::json::Object> readJsonObject(llvm::StringRef path);
/// Reads and parses a file of any root.
llvm::Expected<llvm::json::Value> readJson(llvm::StringRef path);

/// 'text' with control characters escaped and cut after 120 characters: text from a file never garbles a terminal.
std::string quoted(llvm::StringRef text);

/// A JSON value as one short line, for messages.
std::string brief(const llvm::json::Value &value);

} // namespace girih
