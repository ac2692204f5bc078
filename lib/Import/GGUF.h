// The GGUF format, versions 2 and 3: keys and values, then descriptions of tensors, then their bytes. A file is mapped, never copied, and
// nothing in it is believed before it is checked: what the parser yields points into bytes that are there.
#pragma once

#include "lib/Import/SafeTensors.h"

#include <map>
#include <optional>

namespace girih::import {

/// Types of values, by their numbers in the file.
enum class GGUFKind : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

/// One value: its bytes in the file, checked to be there. Arrays of arrays are refused, so `element` describes all of an array.
struct GGUFValue {
  GGUFKind kind = GGUFKind::U8;
  GGUFKind element = GGUFKind::U8; ///< of an array
  uint64_t count = 1;              ///< of an array's elements
  llvm::StringRef bytes;           ///< the text of a string; all elements of an array, strings with their lengths

  /// Each yields nothing if the value is of another kind or out of range.
  std::optional<int64_t> integer() const;
  std::optional<double> number() const;
  std::optional<bool> flag() const;
  std::optional<llvm::StringRef> text() const;
  std::optional<std::vector<llvm::StringRef>> texts() const;
  std::optional<std::vector<int64_t>> integers() const;
  std::optional<std::vector<double>> numbers() const;
};

/// What a file says. Tensors are described as safetensors' are: dtypes are "F32", "F16", "BF16" or a format of blocks, "Q4_1"; shapes
/// have the contiguous dimension last.
struct GGUFContent {
  std::map<std::string, GGUFValue> values;
  std::vector<SafeTensor> tensors;
};

/// Parses a whole file's `content`, to which the result points; `where` is its name for messages.
llvm::Expected<GGUFContent> parseGGUF(llvm::StringRef content, llvm::StringRef where);

/// The text of a tokenizer.json for the tokenizer in a file's metadata; empty if there is none.
llvm::Expected<std::string> convertTokenizer(const GGUFContent &content, llvm::StringRef where);

} // namespace girih::import
