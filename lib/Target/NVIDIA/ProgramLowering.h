// Lowers one tile program to what the threads of a block do. A tile value is either *inline*, an expression that a thread evaluates at the
// element where a consumer needs it, or *kept* in shared memory. Loop nests, which deal elements out to the threads, exist only for what
// must touch memory: stores, kept tiles and reductions. Dots have their own distribution.
#pragma once

#include "dialects/Graph/Graph.h"
#include "dialects/Tile/Tile.h"
#include "lib/Target/KernelBuilder.h"
#include "lib/Target/NVIDIA/SharedMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace girih::nvidia {

using namespace mlir;

/// Threads of every block: eight warps, two for each of a multiprocessor's quarters.
inline constexpr int64_t kThreads = 256, kWarp = 32, kWarps = kThreads / kWarp;
/// Threads that reduce one row: as many as the tile dialect has partial results.
inline constexpr int64_t kPartials = 16;

/// An element of a tile: an index along each dimension.
using Point = SmallVector<Value, 4>;

/// A kept tile in shared memory.
struct Slot {
  Value pointer;
  RankedTensorType type;
  SmallVector<int64_t, 4> strides; // in elements
  int64_t offset = 0;              // in shared memory
};

/// A view argument: its address and sizes as the kernel receives them.
struct View {
  Value data;
  tile::ViewType type;
  SmallVector<Value, 4> sizes, strides; // index; strides in elements, row-major
  bool isConstant = false;              // nobody writes it while the kernel runs
};

/// How an element lies in memory: i1 takes a byte.
Type storageType(Type element);

class ProgramLowering : KernelBuilder {
public:
  /// No block has more than `sharedLimit` bytes of shared memory.
  ProgramLowering(tile::ProgramOp program, func::FuncOp function, int64_t sharedLimit, bool hasWarpGroups);
  LogicalResult run();
  int64_t sharedBytes() const { return shared.peak(); }
  /// 64-bit parameters of a kernel: per view address and sizes, then the grid.
  static unsigned countWords(tile::ProgramOp program);

private:
  // Structure.cpp: the walk over the program.
  void bindArguments();
  void bindGrid(unsigned word);
  LogicalResult lowerBlock(Block &block);
  LogicalResult lowerOp(Operation &op);
  LogicalResult lowerFor(scf::ForOp loop);
  LogicalResult lowerIf(scf::IfOp op);
  void lowerScalar(Operation &op);
  void yieldTiles(ArrayRef<Value> yielded, ArrayRef<Slot> slots);
  std::optional<Slot> inPlaceSlot(Value result, Value input);
  bool isKept(Value tile) const;
  bool mayWait(tile::DotOp dot);
  SmallVector<Operation *> readersOf(Value tile);
  Operation *firstReader(Value tile);
  Operation *lastReader(Value tile);
  void bindSlot(Value tile, const Slot &slot);
  void releaseAfter(Operation &op);

  // Nests.cpp: elements dealt out to threads, and the barriers between.
  Slot allocate(RankedTensorType type);
  Value sharedAddress(int64_t offset);
  void barrier();
  void uncertain() { pending = {true, true}; }
  void phase(function_ref<void()> body);
  Point elementOf(Value number, ArrayRef<Value> bounds);
  void eachElement(ArrayRef<Value> bounds, function_ref<void(const Point &)> body);
  void nest(ArrayRef<Value> bounds, function_ref<void(const Point &)> body);
  void keep(Value tile, const Slot &slot);
  void keepConcat(tile::ConcatOp op, const Slot &slot);
  void keepConstant(DenseElementsAttr values, const Slot &slot);
  void lowerStore(tile::StoreOp op);
  void lowerScatter(tile::ScatterOp op);
  SmallVector<Value> neededBounds(Value tile);

  // Reduction.cpp
  void lowerReduce(tile::ReduceOp op, const Slot &slot);
  void reduceByAll(tile::ReduceOp op, const Slot &slot);
  Value combineAcross(tile::ReduceKind kind, Value mine, int64_t width);
  Value partialSum(tile::ReduceOp op, const Point &place, Value lane, int64_t partials);

  // Evaluate.cpp: the value of an inline tile at an element.
  Value evaluate(Value tile, const Point &point);
  Value evaluateHere(Value tile, const Point &point);
  Value evaluateElementwise(Operation *op, const Point &point);
  Value evaluateReshape(tile::ReshapeOp op, const Point &point);
  Value evaluateConcat(tile::ConcatOp op, const Point &point);

  // Memory.cpp: addresses and bounds.
  struct Access { // where an element of a tile lies in a view
    Point position;
    SmallVector<bool, 4> checked; // dimensions whose position may lie outside
  };
  Access access(ValueRange offsets, ArrayRef<int64_t> dims, const View &view, ArrayRef<int64_t> shape, const Point &point);
  Access accessOf(Operation *source, const Point &point);
  Value inside(const View &view, const Access &access);
  Value elementAddress(const View &view, const Access &access);
  Value loadView(const View &view, const Access &access);
  void storeView(const View &view, const Access &access, Value value);
  Value slotAddress(const Slot &slot, const Point &point);
  Value loadSlot(const Slot &slot, const Point &point);
  void storeSlot(const Slot &slot, const Point &point, Value value);
  Value address(Value base, Type element, Value index);
  Value fromStorage(Value value, Type element);
  Value toStorage(Value value);

  // Dot.cpp, Fragments.cpp, WarpGroups.cpp and Stages.cpp: contractions.
  struct Operand { // line: the dimension that the result keeps, a row of the left tile or a column of the right one
    Value tile;
    unsigned lineDim, depthDim; // of the tile
    int64_t lines, depth;
    Type element;
    Point at(Value line, Value depth) const;
    bool linesRun() const { return lineDim == 1; } // neighbours in memory lie along the lines
  };
  struct Stage { // where chunks of an operand lie in shared memory, in buffers taken in turn
    Value base;
    int64_t offset = 0, bytes = 0; // of the first buffer; of each
    int64_t depth = 0;             // of a chunk
    int64_t stride = 0;            // between rows, in elements
    bool linesRun = false;
    bool isPermuted = false; // pieces of 16 bytes lie where the row's number, of eight, says by exclusive or
    Type element;
  };
  struct Deal { // how the result is dealt out: to so many threads or warps, each with so many elements or fragments
    int64_t down, across, rows, columns;
    int64_t parts = 1; // of every chunk's depth, each for as many warps
  };
  Slot lowerDot(tile::DotOp op, std::optional<Slot> into);
  Operand leftOperand(tile::DotOp op);
  Operand rightOperand(tile::DotOp op);
  void addInto(const Slot &slot, tile::DotOp op, Value row, Value column, Value sum, bool isCertain);
  SmallVector<Value> carry(Value bound, int64_t step, ValueRange init, function_ref<SmallVector<Value>(Value, ValueRange)> body);

  Slot dotOfThreads(tile::DotOp op, std::optional<Slot> into);
  SmallVector<Value> chains(const Stage &a, const Stage &b, const Deal &deal, int64_t depth, ValueRange sums);

  std::pair<Value, Value> warpOf(const Deal &deal);
  SmallVector<Value> sumOfParts(const Deal &deal, ValueRange sums);
  Slot dotOfWarps(tile::DotOp op, std::optional<Slot> into);
  SmallVector<Value> pipeline(const Operand &left, const Operand &right, const Stage &a, const Stage &b, const Deal &deal, int64_t buffers);
  SmallVector<Value> multiply(const Stage &a, const Stage &b, Value chunk, int64_t buffers, const Deal &deal, ValueRange sums);
  SmallVector<Value> loadMatrices(const Stage &stage, Value buffer, Value line, Value depth, int64_t count);
  void storeFragments(tile::DotOp op, const Slot &slot, const Deal &deal, ValueRange sums);

  bool suitsWarpGroups(tile::DotOp op);
  Slot dotOfGroups(tile::DotOp op, std::optional<Slot> into);
  Value descriptor(Value pointer);
  SmallVector<Value> withSums(StringRef text, ValueRange sums, ValueRange operands);
  SmallVector<Value> multiplyGroups(const Stage &a, const Stage &b, Value chunk, int64_t buffers, int64_t columns, ValueRange sums);
  SmallVector<Value> finished(ValueRange sums);

  Stage stageFor(const Operand &operand, int64_t lines, int64_t depth, bool linesRun, int64_t padding, int64_t buffers,
                 bool isPermuted = false);
  Value stageAddress(const Stage &stage, Value buffer, Value line, Value depth);
  Value bufferOf(const Stage &stage, Value chunk, int64_t buffers);
  struct Copied { // a plain load or gather, whose rows may be copied sixteen bytes at a time
    Operation *source;
    unsigned lineDim, depthDim; // of its tile
    Value mask;                 // of the operand's shape, the same along a row: what is not copied is zero; null: all is
  };
  std::optional<Copied> copied(const Operand &operand);
  void fill(const Operand &operand, const Stage &stage, Value buffer, Value from);
  void fillByCopies(const Operand &operand, const Copied &copied, const Stage &stage, Value buffer, Value from);
  void fillByElements(const Operand &operand, const Stage &stage, Value buffer, Value from, int64_t depth);

  // Small helpers: arithmetic on index values, folded where constant.
  Value divide(Value a, int64_t b);
  Value remainder(Value a, int64_t b);
  Value less(Value a, Value b);
  Value both(Value a, Value b);
  Value toI32(Value index);

  DenseMap<Value, View> views; // by argument
  DenseMap<Value, Slot> slots; // kept tiles
  DenseMap<Operation *, SmallVector<int64_t>> dying; // shared memory that is free after an operation
  SmallVector<Value, 4> blockIndex; // along each dimension of the grid
  Value thread, sharedBase;
  SharedMemory shared;
  int64_t sharedLimit;
  bool hasWarpGroups; // instructions of sm_90a

  /// What happened to shared memory since the last barrier.
  struct Touched {
    bool read = false, written = false;
  };
  Touched pending, current;

  /// Values of tiles at points, by the open loops of the phase that they were evaluated in.
  SmallVector<DenseMap<Value, SmallVector<std::pair<Point, Value>>>> memo;
};

} // namespace girih::nvidia
