// The kernels of ../../Kernels.cpp for a real GPU, with the parameters that include/girih-runtime/NVIDIAKernel.h asks for.
using Word = long long;

extern "C" __global__ void add_one(const int *x, Word, int *y, Word n, Word) {
  for (Word i = blockIdx.x * 16ll + threadIdx.x; i < blockIdx.x * 16ll + 16 && i < n; i += blockDim.x)
    y[i] = x[i] + 1;
}

extern "C" __global__ void add_vectors(const int *x, Word, const int *w, Word m, int *y, Word n, Word) {
  for (Word i = blockIdx.x * 16ll + threadIdx.x; i < blockIdx.x * 16ll + 16 && i < n; i += blockDim.x)
    y[i] = x[i] + w[i % m];
}

extern "C" __global__ void fill(int *y, Word, Word columns, Word, Word gridColumns) {
  Word row = blockIdx.x / gridColumns, column = blockIdx.x % gridColumns;
  if (threadIdx.x == 0)
    y[row * columns + column] = int(100 * row + column);
}

extern "C" __global__ void slow(const int *x, Word, int *y, Word n, Word) {
  Word begin = clock64();
  while (clock64() - begin < 200000)
    ;
  for (Word i = blockIdx.x * 16ll + threadIdx.x; i < blockIdx.x * 16ll + 16 && i < n; i += blockDim.x)
    y[i] = x[i] + 1;
}

extern "C" __global__ void use_scratch(const int *x, Word, int *y, Word n, Word) {
  extern __shared__ int sum[];
  if (threadIdx.x == 0)
    *sum = 0;
  __syncthreads();
  for (Word i = blockIdx.x * 16ll + threadIdx.x; i < blockIdx.x * 16ll + 16 && i < n; i += blockDim.x)
    atomicAdd(sum, x[i]);
  __syncthreads();
  for (Word i = blockIdx.x * 16ll + threadIdx.x; i < blockIdx.x * 16ll + 16 && i < n; i += blockDim.x)
    y[i] = *sum;
}

extern "C" __global__ void write_rows(const int *ids, Word, Word width, const int *slots, Word, Word, int *cache, Word rows, Word, Word) {
  for (Word i = blockIdx.x * width + threadIdx.x; i < (blockIdx.x + 1) * width; i += blockDim.x)
    if (slots[i] >= 0 && slots[i] < rows) {
      cache[2 * slots[i]] = ids[i];
      cache[2 * slots[i] + 1] = 1;
    }
}

extern "C" __global__ void read_rows(const int *mask, Word, Word width, const int *positions, Word, Word, const int *table, Word, Word total,
                                     const int *cache, Word, Word, const float *temperature, Word, const float *penalty, Word,
                                     const signed char *seen, Word, Word vocabulary, const int *seed, Word, const int *step, Word, int *next,
                                     Word, float *logits, Word, Word, Word) {
  Word b = blockIdx.x;
  int last = -1;
  for (Word i = 0; i < width; ++i)
    if (mask[b * width + i])
      last = positions[b * width + i];
  unsigned long long hash = 1;
  for (int p = 0; p <= last; ++p) {
    int slot = p < total ? table[b * total + p] : -1;
    hash = (hash * 31 + (unsigned long long)(slot < 0 ? 77 : cache[2 * slot] + cache[2 * slot + 1])) & 0xffffff;
  }
  for (Word v = threadIdx.x; v < vocabulary; v += blockDim.x)
    logits[b * vocabulary + v] = float(int((hash >> (v & 15)) & 255));
  if (threadIdx.x != 0)
    return;
  if (temperature[b] > 0)
    hash += (unsigned long long)(seed[b] * 13 + step[b]);
  if (penalty[b] != 1)
    for (Word v = 0; v < vocabulary; ++v)
      hash += (unsigned long long)(seen[b * vocabulary + v]);
  next[b] = int(hash % (unsigned long long)(vocabulary));
}

extern "C" __global__ void every_logits(const int *ids, Word, Word width, float *logits, Word, Word, Word vocabulary, Word) {
  Word b = blockIdx.x;
  unsigned long long hash = 1;
  for (Word i = 0; i < width; ++i) {
    hash = (hash * 31 + (unsigned long long)(ids[b * width + i] + 1)) & 0xffffff;
    for (Word v = threadIdx.x; v < vocabulary; v += blockDim.x)
      logits[(b * width + i) * vocabulary + v] = float(int((hash >> (v & 15)) & 255));
  }
}

extern "C" __global__ void every_loss(const int *ids, Word, Word width, const int *labels, Word, Word, float *loss, Word, Word, Word) {
  Word b = blockIdx.x;
  for (Word i = threadIdx.x; i < width; i += blockDim.x) {
    int before = i ? ids[b * width + i - 1] : 0, label = labels[b * width + i];
    loss[b * width + i] = label < 0 ? 0.0f : float((ids[b * width + i] * 3 + before + label) & 7);
  }
}
