// NumPy's .npy files, format versions 1 to 3.
#pragma once

#include "Tensors.h"

namespace girih::run {

/// Reads booleans, int8, int32, float16 and float32 as they are, int64 as i32 (refusing what does not fit) and float64 as f32.
HostTensor readNpy(const std::string &path);
/// Writes a tensor; bf16, which NumPy lacks, as float32.
void writeNpy(const std::string &path, const HostTensor &tensor);

} // namespace girih::run
