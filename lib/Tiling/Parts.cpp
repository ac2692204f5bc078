// Finds a kernel's parts: results belong together where they come from the same linear layers, or from
// siblings that share a loop over K.
#include "lib/Tiling/Parts.h"
#include "lib/Tiling/Blocks.h"
#include "lib/Tiling/Emit.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/SetVector.h"

#include <numeric>

using namespace mlir;
using namespace girih;
using namespace girih::tiling;
using graph::LinearOp;
using graph::SizeExpr;

int64_t Parts::columnBlocks() const {
  int64_t count = 0;
  for (const Part &part : parts)
    count += part.blocks;
  return count;
}

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

namespace {
/// A result as rows and columns.
struct Matrix {
  SizeExpr rows;
  int64_t columns, head; // head: columns that belong together, 1 in a plain matrix
};
} // namespace

Value tiling::iterated(Value result) {
  auto write = result.getDefiningOp<graph::CacheWriteOp>();
  return write ? Value(write.getRows()) : result;
}

static std::optional<Matrix> asMatrix(Value value) {
  SmallVector<SizeExpr> sizes = graph::getSizes(typeOf(value));
  if (sizes.size() == 2 && sizes[1].isConstant())
    return Matrix{sizes[0], *sizes[1].getConstant(), 1};
  if (sizes.size() == 4 && sizes[0] == SizeExpr(1) && sizes[2].isConstant() && sizes[3].isConstant())
    return Matrix{sizes[1], *sizes[2].getConstant() * *sizes[3].getConstant(), *sizes[3].getConstant()};
  return std::nullopt;
}

PartPlace tiling::placeIn(Value value, OpBuilder &b, OpFoldResult row, int64_t rows, OpFoldResult columnBlock,
                          int64_t columns) {
  Location loc = value.getLoc();
  if (typeOf(value).getRank() == 2)
    return {{row, multiply(b, loc, columnBlock, columns)}, {rows, columns}};
  int64_t head = typeOf(value).getDimSize(3);
  return {{zero(b), row, multiply(b, loc, columnBlock, columns / head), zero(b)},
          {1, rows, columns / head, head}};
}

/// The linear layers in the kernel that a value is computed from.
static void collectLinears(Value value, llvm::SmallSetVector<Operation *, 4> &linears) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return;
  if (isa<LinearOp>(op)) {
    linears.insert(op);
    return;
  }
  for (Value operand : op->getOperands())
    collectLinears(operand, linears);
}

/// Siblings share one loop over K; see EmitContraction.cpp.
static bool areSiblings(LinearOp a, LinearOp b) {
  return a.getInput() == b.getInput() && a.getWeight().getType() == b.getWeight().getType() &&
         a.getComputeType() == b.getComputeType();
}

/// Groups of results that one loop, or several in turn, computes.
static SmallVector<SmallVector<unsigned>> groupResults(ValueRange results, ArrayRef<LinearOp> linears) {
  llvm::EquivalenceClasses<Operation *> classes;
  for (LinearOp a : linears)
    for (LinearOp b : linears)
      if (areSiblings(a, b))
        classes.unionSets(a, b);
  SmallVector<Operation *> first;
  for (Value result : results) {
    llvm::SmallSetVector<Operation *, 4> from;
    collectLinears(result, from);
    for (Operation *op : from)
      classes.unionSets(from[0], op);
    first.push_back(from.empty() ? nullptr : from[0]);
  }
  llvm::MapVector<Operation *, SmallVector<unsigned>> groups;
  for (auto [i, op] : llvm::enumerate(first))
    groups[op ? classes.getLeaderValue(op) : nullptr].push_back(i);
  return llvm::to_vector(llvm::make_second_range(groups));
}

/// Columns that belong together in every one of the results: whole heads.
static int64_t columnsTogether(ArrayRef<unsigned> results, ArrayRef<Matrix> matrices) {
  int64_t together = 1;
  for (unsigned result : results)
    together = std::lcm(together, matrices[result].head);
  return together;
}

/// Blocks of so many columns, or of all if there are fewer.
static Part cut(ArrayRef<unsigned> results, ArrayRef<Matrix> matrices, int64_t columns) {
  int64_t width = 0;
  for (unsigned result : results)
    width = std::max(width, matrices[result].columns);
  columns = std::min(columns, width);
  return {llvm::to_vector(results), columns, static_cast<int64_t>(llvm::divideCeil(width, columns))};
}

std::optional<Parts> tiling::chooseParts(func::FuncOp kernel, const CostModel &cost) {
  Block &body = kernel.getBody().front();
  auto linears = llvm::to_vector(body.getOps<LinearOp>());
  ValueRange results = body.getTerminator()->getOperands();
  SmallVector<Matrix> matrices;
  for (Value result : results) {
    std::optional<Matrix> matrix = asMatrix(iterated(result));
    if (!matrix || (!matrices.empty() && matrix->rows != matrices[0].rows))
      return std::nullopt;
    matrices.push_back(*matrix);
  }
  if (linears.empty() || !linears[0].getWeight().getType().hasStaticShape())
    return std::nullopt;
  SmallVector<SmallVector<unsigned>> groups = groupResults(results, linears);
  bool byHeads = llvm::any_of(matrices, [](const Matrix &matrix) { return matrix.head != 1; });
  if (groups.size() == 1 && !byHeads)
    return std::nullopt;
  Parts parts{{}, matrices[0].rows, 0};
  for (ArrayRef<unsigned> group : groups) {
    llvm::SmallSetVector<Operation *, 4> from;
    collectLinears(results[group[0]], from);
    if (from.empty()) {
      parts.parts.push_back(cut(group, matrices, std::lcm(kChunk, columnsTogether(group, matrices))));
      continue;
    }
    CostModel::MatmulTiles tiles =
        matmulTiles(cast<LinearOp>(from[0]), cost, columnsTogether(group, matrices));
    parts.parts.push_back(cut(group, matrices, tiles.columns));
    parts.rowBlock = std::max(parts.rowBlock, tiles.rows);
  }
  return parts;
}
