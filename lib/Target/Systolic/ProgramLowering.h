// Lowers one tile program to a program of the machine. The grid's dimensions become loops, an operation
// stands in the outermost that it depends on, and `scf.for` is a loop inside. In the innermost loops tiles
// alternate between two halves of the memories, and the next iteration's operands are loaded while this one
// computes. A tile lies row-major in the scratchpad or, where the vector unit works on f32, in the
// accumulators, which it reads four times as fast; broadcasts and transpositions are strides. Dots run on the
// array, everything else on the vector unit.
#pragma once

#include "dialects/Tile/Tile.h"
#include "lib/Target/Systolic/Nest.h"
#include "lib/Target/Systolic/Parts.h"
#include "lib/Target/Systolic/Scalars.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "runtime/Systolic/Machine.h"
#include "llvm/Support/ScopedPrinter.h"

#include <map>

namespace girih::systolic {

/// Bytes of a local memory that go back when nobody holds them any more.
struct Slot {
  bool accumulator;
  int64_t offset, bytes;
};
using SlotRef = std::shared_ptr<const Slot>;

/// The free bytes of one local memory, first fit.
class Pool {
public:
  /// `bytes` from `begin` on, in banks of `bankBytes`.
  Pool(bool accumulator, int64_t begin, int64_t bytes, int64_t bankBytes)
      : accumulator(accumulator), bankBytes(bankBytes), free({{begin, bytes}}) {}
  /// Null if there is no room. In the scratchpad what is large, or stands `apart`, has banks of its own where
  /// it can, so that units do not meet at their ports; in the accumulators they meet by halves alone.
  /// `atEnd`: what stays for long, away from the rest.
  SlotRef take(int64_t bytes, bool atEnd = false, bool apart = false);
  /// Two halves of the greatest free piece, whole banks if possible; null if nothing is free.
  SlotRef takeHalves();
  int64_t freeBytes() const;

private:
  void put(const Slot &slot);
  SlotRef takeAligned(int64_t bytes, int64_t alignment, bool atEnd = false);
  bool accumulator;
  int64_t bankBytes;
  std::map<int64_t, int64_t> free; // offset to size, never adjacent
};

/// How many of a tile's rows, which lie along `dim`, the model has; the others are zero or of no matter.
struct LiveRows {
  Number count;
  int64_t dim;
};

/// Where a tile's elements lie. A condition (i1) is an f32, infinity for true and minus infinity for false,
/// so that the minimum chooses.
struct Tile {
  SlotRef slot; // null: all elements are `splat`
  int64_t offset = 0;
  Type type = Type::f32;
  llvm::SmallVector<int64_t, 4> strides; // bytes, one for each dimension; 0 repeats
  float splat = 0;
  Phase phase = Phase::Fixed;
  std::optional<LiveRows> live; // if not all
  bool spread = false; // the last dimension is cut into the arrays' columns; each array has its own at the
                       // same place of its accumulators

  bool isSplat() const { return !slot; }
  /// Whose accumulators it lies in.
  unsigned array() const { return unsigned(offset >> kArrayShift); }
};

/// From a place in one array's accumulators to the same in the next one's.
inline constexpr int64_t kArrayStride = int64_t(1) << kArrayShift;

/// What a vector instruction does beside moving its operands; fields are the instruction's.
struct VectorCode {
  Combine combine = Combine::first;
  Function function = Function::id;
  int64_t flags = 0;
  float imm = 0;
};

/// An argument's dimension to the one whose register holds its size, too.
using SharedDims = llvm::DenseMap<std::pair<int64_t, int64_t>, std::pair<int64_t, int64_t>>;

/// Two halves of both memories, which the iterations of a loop take in turns.
struct Halves {
  SlotRef scratchpadBytes, accumulatorBytes; // the latter null if sums take all of the accumulators
  int64_t accumulatorHalf() const { return accumulatorBytes ? accumulatorBytes->bytes / 2 : 0; }
  Pool scratchpad, accumulators;
  Number scratchpadThis, scratchpadNext, accumulatorsThis; // what is added to addresses of the first half
};

/// Whether iterations share the memories in halves, and operations leave loops that they do not depend on.
/// Plain needs least memory.
enum class Schedule { Overlapped, Plain };

class ProgramLowering {
public:
  /// Diagnostics name `where`, the model's layers, if it is given; else the operation's own place.
  ProgramLowering(tile::ProgramOp program, std::optional<mlir::Location> where, const Machine &machine,
                  SharedDims sharedDims, Schedule schedule)
      : program(program), where(where), machine(machine), sharedDims(std::move(sharedDims)),
        schedule(schedule), scalars(code),
        scratchpad(false, 0, machine.scratchpad_bytes, machine.scratchpadBankBytes()),
        accumulators(true, 0, machine.accumulator_bytes, machine.accumulatorBankBytes()) {}

  /// The program's parts, one after another, or failure with a diagnostic that names op and machine. An
  /// overlapped program that memory or registers do not suffice for says nothing: the plain one may fit.
  mlir::FailureOr<Program> run(llvm::ArrayRef<Part> parts);
  /// Whether an overlapped schedule failed for want of memory or registers.
  bool isTooLarge() const {
    return schedule == Schedule::Overlapped && (outOfMemory || scalars.isExhausted() || code.isExhausted());
  }
  std::string whyTooLarge() const;
  llvm::ArrayRef<std::pair<unsigned, Binding>> bindings() const { return scalars.bindings(); }

private:
  using Shape = llvm::ArrayRef<int64_t>;

  // Structure.cpp: the walk.
  using SetIndex = llvm::function_ref<void(const Number &)>;
  mlir::LogicalResult lowerOps(llvm::ArrayRef<mlir::Operation *> ops);
  mlir::LogicalResult lowerPart(const Part &part);
  mlir::LogicalResult lowerNest(llvm::ArrayRef<unsigned> nest);
  Number blocksAlong(unsigned dim);
  llvm::SmallVector<mlir::Operation *> opsAt(unsigned level);
  mlir::LogicalResult lowerLoop(llvm::ArrayRef<mlir::Operation *> body, const Number &count,
                                SetIndex setIndex, bool isInnermost,
                                llvm::function_ref<mlir::LogicalResult()> lowerBody);
  bool isBefore(mlir::Operation *a, mlir::Operation *b) const;
  mlir::LogicalResult lowerOp(mlir::Operation &op);
  mlir::LogicalResult lowerScalar(mlir::Operation &op);
  mlir::LogicalResult lowerExtract(mlir::tensor::ExtractOp op);
  mlir::LogicalResult lowerFor(mlir::scf::ForOp loop);
  mlir::LogicalResult copyYields(mlir::scf::ForOp loop, llvm::ArrayRef<Tile> slots);
  bool isForInnerLoops(mlir::Operation &op) const;
  bool isLastUse(mlir::Operation &op, mlir::Value value) const;
  void releaseAfter(mlir::Operation &op);
  mlir::LogicalResult decline(mlir::Operation *op, const llvm::Twine &reason);
  Number number(mlir::Value value);
  Tile tileOf(mlir::Value value) { return tiles.lookup(value); }

  // Rows.cpp: rows that the model has.
  /// Whether no row of what follows from the value depends on another of its rows, which lie along `dim`:
  /// rows without data may hold anything.
  bool isRowwise(mlir::Value value, int64_t dim) const;
  std::optional<LiveRows> liveRows(mlir::Operation &op) const;

  // Overlap.cpp: halves of the memories, and what is loaded ahead.
  bool openHalves();
  void beginPhase();
  void endPhase();
  void closeHalves();
  static bool isScalar(mlir::Operation &op);
  void findAhead(llvm::ArrayRef<mlir::Operation *> body);
  llvm::DenseSet<mlir::Operation *> scalarsOf(llvm::ArrayRef<mlir::Operation *> loads) const;
  mlir::LogicalResult findLiveRows(llvm::ArrayRef<mlir::Operation *> body);
  mlir::LogicalResult loadAhead(llvm::ArrayRef<mlir::Operation *> body, SetIndex setIndex,
                                const Number &index, const Number &more, Phase phase);

  // Memory.cpp: room, loads and stores.
  SlotRef takeAccumulators(int64_t bytes, bool leaveHalf);
  SlotRef allocate(int64_t bytes, bool preferAccumulators);
  /// Neighbouring blocks that run as one have arrays of their own, with their accumulators and slices.
  unsigned arrayOf(mlir::Operation &op) const;
  Tile fresh(Shape shape, Type type, bool preferAccumulators = true);
  void layOut(Tile &tile, Shape shape) const;
  bool isForArrays(tile::LoadOp op) const;
  Tile freshFor(tile::LoadOp op);
  mlir::LogicalResult lowerLoad(tile::LoadOp op);
  mlir::LogicalResult loadInto(tile::LoadOp op, const Number &more, std::optional<Tile> &tile, Phase phase);
  mlir::LogicalResult lowerGather(tile::GatherOp op);
  Tile tableOf(mlir::Value indices, const Number &rows);
  mlir::LogicalResult lowerStore(tile::StoreOp op);
  mlir::LogicalResult lowerScatter(tile::ScatterOp op);
  struct IndexedRows; // the parts of a view's rows that a tile covers, the rows named by index
  mlir::FailureOr<IndexedRows> indexedRows(mlir::Operation *op, mlir::Value view, mlir::ValueRange offsets,
                                           Shape shape);
  void transferByIndex(Op op, const Tile &tile, Shape shape, const Tile &table, const IndexedRows &rows);
  struct Window; // the part of a view that a tile covers
  mlir::FailureOr<Window> window(mlir::Operation *op, mlir::Value view, mlir::ValueRange offsets, Shape dims,
                                 Shape shape, bool joinsRows = true);
  Number viewDim(mlir::Value view, int64_t dim);
  Number pitchOf(mlir::Value view, int64_t dim, int64_t elementBytes);
  Number live(mlir::Value view, int64_t dim, mlir::Value offset, int64_t size);
  void zeroRest(const Tile &tile, Shape shape, const Window &window, const Number &more);
  void transfer(Op op, const Tile &tile, Shape shape, const Window &window);

  // Elementwise.cpp
  mlir::LogicalResult lowerElementwise(mlir::Operation &op);
  mlir::LogicalResult lowerCompare(mlir::Operation &op);
  mlir::LogicalResult lowerSelect(mlir::Operation &op);
  mlir::LogicalResult lowerDivide(mlir::Operation &op);
  mlir::LogicalResult lowerMovement(mlir::Operation &op);
  mlir::LogicalResult lowerReshape(tile::ReshapeOp op);
  void findPatterns();
  bool isOnlyFor(mlir::Operation *op, mlir::Value value) const;
  void cover(mlir::Operation *op, mlir::Value operand);
  void coverScale(mlir::Operation *op, mlir::Value operand);
  std::optional<Tile> reusable(mlir::Operation &op, mlir::ValueRange operands, Shape shape, Type type);
  static std::optional<Combine> combineOf(mlir::Operation *op);
  Type resultType(mlir::Value value);
  void setTile(mlir::Value value, Tile tile) { tiles[value] = std::move(tile); }
  Tile binary(Combine combine, Shape shape, Tile a, Tile b, Type type = Type::f32);
  Tile unary(Function function, Shape shape, const Tile &a, Type type = Type::f32, float scale = 1);
  Tile withConstant(Combine combine, Shape shape, const Tile &a, float constant, Type type = Type::f32,
                    Function function = Function::id);
  Tile withNumber(Combine combine, Shape shape, const Tile &a, const Number &number, Type type = Type::f32);
  Tile elementwise(VectorCode what, Shape shape, const Tile *a, const Tile *b, Type type);
  Tile materialized(const Tile &tile, Shape shape, Type type, bool preferAccumulators = false);
  void copy(const Tile &from, Shape shape, const Tile &to);
  Tile indexTile(const Number &value, size_t rank);
  Tile iota(int64_t size, int64_t dim, size_t rank);
  Tile condition(Shape shape, const Tile &oneIfTrue, bool negate);
  Tile logarithm(Shape shape, const Tile &a, Type type);
  bool isDense(const Tile &tile, Shape shape) const;
  void vector(VectorCode what, Shape shape, const Tile &to, const Tile *a, const Tile *b);
  void vectorByArrays(const VectorCode &what, Shape shape, const Tile &to, const Tile *a, const Tile *b);
  void vectorRows(const VectorCode &what, const Tile &to, const Tile *a, const Tile *b, Shape offsets,
                  Shape pitches, int64_t rows, int64_t cols, bool scalar, std::optional<Number> live = {});

  // Reduction.cpp
  mlir::LogicalResult lowerReduce(tile::ReduceOp op);

  std::pair<Tile, std::optional<Tile>> reduced(tile::ReduceOp op, VectorCode &what);
  void reduceLanes(const VectorCode &what, Shape shape, int64_t axis, const Tile &to, const Tile &a,
                   const std::optional<Tile> &b, int64_t width);

  // Dot.cpp
  mlir::LogicalResult lowerDot(tile::DotOp op);
  /// Whether so many columns lie side by side on several arrays.
  bool isSpread(int64_t columns) const {
    return columns > machine.array_columns && columns <= machine.array_columns * machine.arrays;
  }
  Tile sums(Shape shape, bool leaveHalf = false);
  static systolic::Type sumType(tile::DotOp op);
  mlir::FailureOr<systolic::Type> factorType(tile::DotOp op);
  unsigned arrayOfSums(tile::DotOp op) const;
  Tile dotAccumulator(tile::DotOp op, bool &accumulate);
  void loadWeights(const Tile &right, int64_t n, int64_t k, Shape sizes, bool transposed, unsigned array);
  void stream(const Tile &left, const Tile &result, int64_t n, int64_t k, Shape sizes, const Number &count,
              bool accumulate);
  void multiply(const Tile &left, const Tile &right, const Tile &result, Shape sizes, const Number &count,
                bool transposed, bool accumulate);
  Tile plain(mlir::Value value);

  Access access(const Tile &tile, Shape shape, bool write) const;
  /// Where a tile begins: the fields of an operand.
  struct Address {
    int64_t offset, reg;
    Number base() const { return reg ? Number(std::make_shared<unsigned>(unsigned(reg)), 0) : Number(0); }
  };
  Address address(const Tile &tile) const;

  tile::ProgramOp program; // of the part that is being lowered
  const Part *part = nullptr;
  std::optional<mlir::Location> where;
  Machine machine;
  SharedDims sharedDims;
  Schedule schedule;
  Code code;
  Scalars scalars;
  Pool scratchpad, accumulators;
  std::optional<Halves> halves; // of the loop that is being lowered
  llvm::DenseMap<mlir::Value, Tile> tiles;
  llvm::DenseMap<mlir::Value, Number> numbers;
  llvm::SmallVector<Number> indices; // of the block, by dimension of the grid
  /// What `live` counted: several tiles have the same rows, and share a register while one of them holds it.
  struct KnownRows {
    struct {
      std::weak_ptr<const unsigned> reg;
      int64_t constant;
    } begin;
    int64_t all; // the register, which a launch fills for good
    int64_t size;
    std::weak_ptr<const unsigned> count;
  };
  llvm::SmallVector<KnownRows> knownRows;
  Levels levels;
  llvm::DenseMap<mlir::Operation *, std::optional<Tile>>
      ahead;                                            // loads of the next iteration, and where they go
  llvm::DenseSet<mlir::Operation *> aheadOnly;          // scalars that nothing else wants
  llvm::DenseMap<mlir::Operation *, int64_t>
      changingRows; // loads ahead, to the dimension of rows that iterations have more or fewer of
  llvm::DenseMap<mlir::Operation *, mlir::Value> gelus; // the last operation of one, to its operand
  llvm::DenseMap<mlir::Operation *, mlir::Operation *>
      combinations;                          // what an operation's instruction computes first
  llvm::DenseSet<mlir::Operation *> covered; // by an instruction of a later operation
  struct Table {
    mlir::Value indices;
    Number rows;
    Tile tile;
  };
  std::optional<Table> table;                // of the gather before, if that is the operation before
  std::optional<LiveRows> resultRows;        // rows of the next results that matter
  std::optional<Tile> reuse;                 // for the next result, if it fits
  unsigned dotsToCome = 0;                   // of the part
  bool hasNeighbours = false, outOfMemory = false, atEnd = false;
  unsigned array = 0; // of the operation that is being lowered
  int64_t wantedBytes = 0;
  unsigned bank = 0;
};

} // namespace girih::systolic
