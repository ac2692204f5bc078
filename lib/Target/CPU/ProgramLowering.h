// Lowers one tile program to loops over vectors of 16 lanes. A tile never becomes a vector: a tile value is
// either *inline*, an expression evaluated at the point where a consumer needs it, or *kept* in a slot of the
// thread's scratch memory. Loop nests exist only for what must touch memory: stores, kept tiles, reductions
// and dots.
#pragma once

#include "dialects/Graph/Graph.h"
#include "dialects/Tile/Tile.h"
#include "lib/Target/CPU/CodeVersion.h"
#include "lib/Target/KernelBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace girih::graph {
struct BlockLayout;
} // namespace girih::graph

namespace girih::cpu {

using namespace mlir;

/// Lanes of every vector in lowered code, whatever the version: AVX2 holds one in two registers. One width
/// keeps the order of reductions, and so the bits, the same for all versions.
constexpr int64_t lanes = 16;

/// An element of a tile, or 16 of them along dimension `lane` from `index` on.
struct Point {
  SmallVector<Value, 4> index; // index-typed, one per tile dimension
  int lane = -1;               // -1: one element
};

/// A kept tile: row-major in scratch, the lane dimension padded so that whole vectors may be read and
/// written.
struct Slot {
  Value pointer;
  RankedTensorType type;
  SmallVector<int64_t, 4> strides; // in elements
  bool isPart = false;             // of a larger tile: rows do not end with padding
};

/// A view argument: its address and sizes as the kernel receives them.
struct View {
  Value data;
  tile::ViewType type;
  SmallVector<Value, 4> sizes;   // index
  SmallVector<Value, 4> strides; // index, in elements; row-major
};

/// The tile dimension that vectors run along: the last of more than one element.
int laneDim(ArrayRef<int64_t> shape);
/// How an element lies in memory: i1 takes a byte. 16-bit floats are moved as integers, because LLVM would
/// widen and narrow them by calls.
Type storageType(Type element);

class ProgramLowering : KernelBuilder {
public:
  ProgramLowering(tile::ProgramOp program, const CodeVersion &version, func::FuncOp function);
  LogicalResult run();

private:
  // Structure.cpp: the walk over the program.
  void bindArguments();
  void bindScalars();
  LogicalResult lowerBlock(Block &block);
  LogicalResult lowerOp(Operation &op);
  LogicalResult lowerFor(scf::ForOp loop);
  LogicalResult lowerIf(scf::IfOp op);
  void lowerScalar(Operation &op);
  void yieldTiles(Block &body, ArrayRef<Value> yielded, ArrayRef<Slot> slots);
  bool ownsSlot(Value tile, Operation &user);
  std::optional<Slot> inPlaceSlot(Value result, Value input);

  // Nests.cpp: loop nests.
  void forLoop(Value bound, int64_t step, function_ref<void(Value)> body);
  void nest(RankedTensorType type, ArrayRef<Value> bounds, function_ref<void(const Point &)> body,
            bool vectors = true);
  void keep(Value tile, const Slot &slot);
  void keepConcat(tile::ConcatOp op, const Slot &slot);
  void keepConstant(DenseElementsAttr values, const Slot &slot);
  void lowerStore(tile::StoreOp op);
  void lowerScatter(tile::ScatterOp op);
  Slot allocate(RankedTensorType type);
  SmallVector<Value> neededBounds(Value tile);

  // Reduction.cpp
  void lowerReduce(tile::ReduceOp op, const Slot &slot);
  Value reduceAcrossLanes(tile::ReduceOp op, const Point &row);
  Value reduceAcrossRows(tile::ReduceOp op, const Point &point);
  SmallVector<Value> foldLoop(int64_t bound, SmallVector<Value> partials,
                              function_ref<void(Value, SmallVector<Value> &)> body);

  // Evaluate.cpp: the value of an inline tile at a point; a scalar where all lanes agree.
  Value evaluate(Value tile, const Point &point);
  Value evaluateHere(Value tile, const Point &point);
  Value evaluateElementwise(Operation *op, const Point &point);
  Value evaluateReshape(tile::ReshapeOp op, const Point &point);
  Value evaluateIota(tile::IotaOp op, const Point &point);
  Value evaluateLoad(tile::LoadOp op, const Point &point);
  Value evaluateGather(tile::GatherOp op, const Point &point);
  Value eachLane(Value tile, const Point &point);
  unsigned depthOf(const Point &point);

  // Memory.cpp: addresses, bounds and vector memory access.
  struct Access { // where a point of a tile lies in a view
    SmallVector<Value, 4> position;
    SmallVector<bool, 4> checked; // dimensions whose position may lie outside
    int lane = -1;                // view dimension the lanes run along
    bool mayBeNegative = true;    // the lanes' position
    Value end = nullptr; // where lanes end although the view goes on; null: they run to the view's end
  };
  Access access(ValueRange offsets, ArrayRef<int64_t> dims, const View &view, RankedTensorType tile,
                const Point &);
  Value loadView(const View &view, const Access &access);
  Value loadScalar(const View &view, const Access &access);
  void storeView(const View &view, const Access &access, Value value);
  Value inside(const View &view, const Access &access);
  Value laneMask(const View &view, const Access &access);
  Value linearIndex(const View &view, const Access &access);
  Value laneAddresses(const View &view, const Access &access);
  Value loadSlot(const Slot &slot, const Point &point);
  void storeSlot(const Slot &slot, const Point &point, Value value);
  Value address(Value base, Type element, Value index);
  Value fromStorage(Value value, Type element);
  Value toStorage(Value value);
  Value maskBelow(Value count);
  Value laneNumbers();

  // Dot.cpp and MicroKernel.cpp: contractions.
  struct BlockFactors {     // what the sums over the elements of a block are multiplied by, in scratch
    Value scales, minimums; // for a panel's lines, block by block; no minimums: null
    Value rowSums;          // of the left operand, a row's blocks one after another
    int64_t group, stride;  // elements of a block, and blocks in a row
  };
  struct Operand { // a matrix in memory: element (line, depth) at pointer + line * lineStride + depth *
                   // depthStride
    Value pointer;
    Type element;
    Value lineStride, depthStride; // index, in elements
    Value lines, depth;            // index: how much of it exists
    std::optional<View> panels;    // packed weights: lines are found through the encoding
    Value firstLine, firstDepth;   // with panels: where the tile begins
    int64_t panelWidth = 0;        // rows of a panel; 0: there are none
    Value panelStride;             // of panels in scratch, in elements
    graph::BlockPanelsAttr blocks; // quantized: values come from planes
    std::optional<BlockFactors> factors; // the elements are integers of blocks
  };
  void lowerDot(tile::DotOp op, const Slot &slot, bool accumulate);
  void lowerElementsDot(tile::DotOp op, const Operand &left, const Operand &right, const Slot &slot,
                        Value rows, Value columns, Value depth, bool accumulate);
  void columnBlocks(tile::DotOp op, const Operand &left, const Operand &right, const Slot &slot, Value rows,
                    Value columns, Value depth, int64_t most, bool accumulate);
  int64_t vectorsPerBlock(int64_t panel, int64_t most);
  void choose(Value condition, function_ref<void()> then, function_ref<void()> otherwise);
  Operand leftOperand(tile::DotOp op);
  Operand rightOperand(tile::DotOp op);
  std::optional<Operand> directOperand(Value tile, unsigned line, unsigned depth);
  std::optional<Operand> panelOperand(Value tile);
  Operand keptOperand(Value tile, bool transposed);
  void keepTransposed(Value tile, const Slot &slot);
  Value widened(Value value);
  Value columnPointer(const Operand &right, Value column);
  void rowBlocks(tile::DotOp op, const Operand &left, const Operand &right, Value rightPointer,
                 const Slot &result, Value rows, Value column, Value depth, int64_t columns, bool accumulate);
  struct Streams { // addresses that a micro-kernel fetches ahead from; null: nothing
    Value weights, rows;
  };
  Streams comingOperands(const Operand &left, const Operand &right, Value rightPointer, Value row,
                         Value column, Value depth, int64_t columns);
  void microKernel(const Operand &left, const Operand &right, Value rightPointer, const Slot &result,
                   Value row, Value column, Value depth, int64_t rows, int64_t columns, bool accumulate,
                   const Streams &streams);
  void fetchPanel(const Operand &right, Value at, int64_t columns, bool staysInCache);
  SmallVector<Value> products(const Operand &left, const Operand &right, Value leftPointer,
                              Value rightPointer, Value depth, int64_t rows, int64_t vectors,
                              const Streams &streams);
  void storeSums(Value result, Value stride, ArrayRef<Value> sums, int64_t rows, int64_t vectors,
                 bool accumulate);
  void fetchOutput(tile::DotOp op, Value row, Value column, int64_t rows, int64_t columns);

  // Blocks.cpp: quantized weights in panels.
  /// 16 rows of a column of blocks: the address of the first row in each kind of plane, and what its scales
  /// came to.
  struct BlockRows {
    Value bytes, halves, words; // the column's address plus one, two and four bytes for each row before
    Value scale, minimum;
    SmallVector<Value, 3> shiftedScales; // q4_0: what undoes the integer's offset at each height of its bits
    SmallVector<Value, 3> small;         // q4_k: the planes of small scales
    Value high;
  };
  struct BlockPlace { // where lines begin: their panel's first column of blocks of the tile, and the first
                      // line's number in it
    Value column, lane;
  };
  using ElementBody = function_ref<SmallVector<Value>(Value k, ArrayRef<Value> values, ValueRange carried)>;
  void lowerBlocksDot(tile::DotOp op, const Operand &left, const Operand &right, const Slot &slot, Value rows,
                      Value columns, Value depth, bool accumulate);
  void fewOrMany(Value rows, function_ref<void()> few, function_ref<void()> many);
  void fewRows(Value rows, function_ref<void(Value row, int64_t size)> body);
  void blockKernel(const Operand &left, const Operand &right, const Slot &result, Value row, Value column,
                   Value depth, int64_t rows, int64_t vectors, bool accumulate);
  Operand decodedOperand(const Operand &right, RankedTensorType type, Value columns, Value depth,
                         int64_t vectors);
  BlockPlace placeOf(const Operand &right, Value line, int64_t vectors);
  static std::string describe(graph::BlockPanelsAttr blocks, int64_t vectors);
  void callHelper(const Twine &suffix, ArrayRef<Value> operands, function_ref<void(ValueRange)> body);
  SmallVector<Value> overBlocks(const Operand &right, BlockPlace place, Value depth, int64_t vectors,
                                ValueRange init, ElementBody body);
  SmallVector<Value> carryLoop(Value bound, ValueRange init,
                               function_ref<SmallVector<Value>(Value, ValueRange)> body);
  void fetchBlocks(const Operand &right, Value column, Value eight);
  BlockRows beginBlock(const Operand &right, Value column, Value lane);
  void takeSixBits(BlockRows &rows, Value part, bool upper);
  void takeRun(const Operand &right, BlockRows &rows, Value run);
  Value beginEight(const Operand &right, const BlockRows &rows, Value eight);
  Value decodeElement(const Operand &right, const BlockRows &rows, Value low, Value high, int64_t i);
  Value decodeNibble(const BlockRows &rows, Value word, int64_t i);
  Value decodeWide(const graph::BlockLayout &layout, const BlockRows &rows, Value word, Value high,
                   int64_t i);
  Value scaled(const graph::BlockLayout &layout, const BlockRows &rows, Value integers);
  Value words(int64_t value);
  Value floats(float value);
  Value shifted(Value bits, int64_t by);
  Value shifted(Value bits, Value by);
  Value masked(Value bits, int64_t mask);
  Value loadVector(Value at, int64_t byte, Type element);
  Value loadHalves(Value at, int64_t byte);

  // BlockSums.cpp: quantized weights whose scales multiply sums over blocks.
  struct Group;
  using GroupBody = function_ref<void(const Group &)>;
  using IntegerBody = function_ref<SmallVector<Value>(Value k, ArrayRef<Value> integers, ValueRange carried)>;
  bool scalesSums();
  void lowerBlockSums(tile::DotOp op, const Operand &left, const Operand &right, const Slot &slot, Value rows,
                      Value columns, Value depth);
  Value sumRows(tile::DotOp op, const Operand &left, const Operand &right, Value rows, Value depth);
  Value sumGroup(Value at, const Operand &left, int64_t group);
  Value distanceToNext(const Operand &right, Value column, Value columns, Value depth);
  void overGroups(const Operand &right, BlockPlace place, Value next, Value columns, Value depth,
                  int64_t vectors, GroupBody body);
  SmallVector<Value> overIntegers(const Operand &right, const Group &group, ValueRange init,
                                  IntegerBody body);
  void fetchGroup(const Operand &right, const Group &group, Value eight);
  Value centred(const Operand &right, Value word, Value high, bool odd);
  void finishRow(BlockRows &rows, const Operand &right);
  void groupKernel(const Operand &left, const Operand &right, const Slot &result, Value sums, int64_t groups,
                   Value row, Value column, Value columns, Value depth, int64_t rows, int64_t vectors);
  void sumKernel(const Operand &left, const Operand &right, Value rightPointer, const Slot &result, Value row,
                 Value column, Value depth, int64_t rows, int64_t vectors);
  SmallVector<Value> loadRowSums(Value sums, Value stride, Value number, int64_t rows);
  Operand integerOperand(const Operand &right, RankedTensorType type, Value columns, Value depth,
                         int64_t vectors);
  void addScaled(Value result, Value stride, ArrayRef<Value> sums, ArrayRef<Value> scales,
                 ArrayRef<Value> minimums, ArrayRef<Value> rowSums);

  // BlockElements.cpp: single elements of quantized weights.
  Value loadBlocks(const View &view, const Access &access);
  Value blockElement(const View &view, Value n, Value k);

  // Small helpers: arithmetic on index values, folded where constant.
  Value splat(Value scalar);

  const CodeVersion &version;
  DenseMap<Value, View> views; // by argument
  DenseMap<Value, Slot> slots; // kept tiles
  Operation *entryEnd = nullptr; // constants and slots' addresses are made before it
  int64_t scratchBytes = 0;
  bool hasSingleColumnDot = false;

  struct Scope { // one loop being emitted, and what was evaluated in its body
    Operation *loop = nullptr;
    DenseMap<Value, SmallVector<std::pair<Point, Value>>> memo;
  };
  SmallVector<Scope> scopes;
};

} // namespace girih::cpu
