// What the compiler knows about a machine: its facts, the cost model that chooses tiles from them, and
// the lowering that turns tile programs into kernel images. Phases before the target see only this file.
#pragma once

#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Types.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
class OpPassManager;
} // namespace mlir

namespace girih {

/// A machine as lib/Target/Facts/*.facts describes it: `key = value` lines, `#` starts a comment.
struct MachineFacts {
  std::string target;                // "cpu"
  std::string name;                  // "zen4"
  std::string description;           // for people
  std::vector<std::string> versions; // code versions to compile, least demanding first: "x86-64-v3"
  int64_t l1Bytes = 32 << 10;        // first-level data cache of one core
  int64_t l2Bytes = 512 << 10;       // second-level cache of one core
  int64_t l3Bytes = 0;               // last-level cache, shared
  std::string ownText; // of a machine that is no CPU: its facts file, which its target reads itself

  /// Parses a facts file. `origin` names it in messages. Unknown keys are errors.
  static llvm::Expected<MachineFacts> parse(llvm::StringRef text, llvm::StringRef origin);
  /// The facts in the file's own format; what an artifact carries.
  std::string text() const;
};

/// Chooses tile sizes and weight packings. Answers depend only on facts and arguments, never on a launch's
/// rows, batch or threads, so that the `stable` contract holds.
class CostModel {
public:
  virtual ~CostModel();

  struct MatmulTiles {
    int64_t rows, columns, depth;
  };
  /// Tiles of a contraction with `n` result columns over `k` elements, of whole groups of columns that belong
  /// `together` (a head's); depth is 256 under `stable`. No launch has more than `mostRows` rows, which a
  /// target may heed whose sums have one order whatever the depth.
  virtual MatmulTiles matmul(int64_t n, int64_t k, mlir::Type compute, int64_t together = 1,
                             int64_t mostRows = INT64_MAX) const = 0;

  struct AttentionTiles {
    int64_t queries, keys, parts;
    int64_t heads = 1;
  };
  /// Query rows of a block, the fixed absolute block of keys, and among how many parts those are dealt out.
  /// Where each sequence has one query, a block has that of up to so many key heads.
  virtual AttentionTiles attention(int64_t headSize, mlir::Type compute) const = 0;

  /// Pieces of work that keep all threads busy to the end, however many there are.
  virtual double evenWork() const = 0;

  /// Rows per block of a row-wise kernel whose rows hold `rowElements` elements.
  virtual int64_t rows(int64_t rowElements) const = 0;
  /// Elements of a row that are looked at together where it is searched from end to end.
  virtual int64_t walked() const = 0;
  /// Element-wise tiles are multiples of this many elements.
  virtual int64_t lanes() const = 0;
  /// What one op more in a contraction's kernel changes, for one row of its result.
  struct Fusion {
    double savedBytes;        // memory traffic that goes away; negative if there is more of it
    double repeatedOps;       // element-wise operations done again, in every further block of columns
    int64_t blockBytes;       // what a block keeps at once from then on: accumulators and one step's operands
    double savedLaunches = 0; // launches that go away, shared among the rows that one usually has
    int64_t sumBytes = 0;     // what of blockBytes is accumulators, if several layers share a loop from then on
    int64_t views = 0;        // memory that the kernel reads and writes from then on, if several layers share a loop
  };
  /// Whether the kernel is faster with the op than without it.
  virtual bool pays(const Fusion &fusion) const = 0;
  /// How a weight `[N, K]` that feeds contractions is packed; null: as it is.
  virtual mlir::Attribute weightEncoding(mlir::RankedTensorType weight) const = 0;
  /// Whether kernels decode a model's quantized blocks; if not, weights are decoded as they are written.
  virtual bool decodesBlocks() const = 0;
};

/// Machine code of all kernels in one code version: position-independent bytes, text and read-only data
/// together; for the systolic machine its programs, for a GPU its kernels' PTX and cubins.
struct KernelImage {
  struct Kernel {
    std::string name;
    uint64_t entry;        // offset into bytes
    uint64_t scratchBytes; // private, 64-byte aligned memory the kernel wants per thread
  };
  enum class Machine { CPU, Systolic, NVIDIA };
  std::string version;               // "x86-64-v4"
  Machine machine = Machine::CPU;    // whose instructions the image holds
  std::vector<std::string> features; // CPUID features the machine must have, /proc/cpuinfo's spelling
  std::vector<uint8_t> bytes;        // entries and constants are 64-byte aligned relative to a page
  std::vector<Kernel> kernels;
};

/// A kind of machine Girih compiles for.
class Target {
public:
  virtual ~Target();
  virtual llvm::StringRef name() const = 0; // "cpu"
  virtual const MachineFacts &facts() const = 0;
  virtual const CostModel &cost() const = 0;

  /// Refuses a compute type that no kernel of the target has, as a usage error.
  virtual llvm::Error checkDtype(llvm::StringRef dtype) const = 0;

  /// Whether the target has a stage of its own by this name.
  virtual bool hasStage(llvm::StringRef stage) const = 0;
  /// Adds the passes of one stage, if the target has it. On a CPU "vector" gives the module, per code
  /// version, a nested `module @<version>` of lowered kernels beside the tile programs, and "llvm" turns
  /// these into the LLVM dialect; on the systolic machine "systolic" gives a nested `module @systolic` of its
  /// programs, beside one for the host if the model draws tokens; on a GPU "nvvm" gives a nested `module @nvidia`.
  virtual void buildLowering(mlir::OpPassManager &manager, llvm::StringRef stage) const = 0;

  /// Compiles the nested modules, as the "llvm" stage left them, to one image per code version.
  virtual llvm::Expected<std::vector<KernelImage>> emit(mlir::ModuleOp module) const = 0;
  /// The relocatable objects of one code version, one per kernel, for `--emit=object`.
  virtual llvm::Expected<std::vector<std::vector<uint8_t>>> emitObjects(mlir::ModuleOp module,
                                                                        llvm::StringRef version) const = 0;
  /// The assembly of one code version's kernels, for `--emit=asm`.
  virtual llvm::Expected<std::string> emitAssembly(mlir::ModuleOp module, llvm::StringRef version) const = 0;
};

/// `cpu` (this machine), `cpu:zen4`, `nvidia:h100` or `systolic:edge32` (a facts file that ships with Girih), `cpu:/path` or
/// `/path` (a facts file).
llvm::Expected<std::unique_ptr<Target>> lookupTarget(llvm::StringRef spec);

/// The target that `spec`, else the module's girih.target, else "cpu" names. Reports an unknown one on the
/// module.
mlir::FailureOr<std::unique_ptr<Target>> targetOf(mlir::ModuleOp module, llvm::StringRef spec);

/// The names `lookupTarget` knows, for help texts: "cpu", "cpu:haswell", …
std::vector<std::string> targetNames();

/// Registers the dialects the targets lower to, and their translations to LLVM IR.
void registerTargetDialects(mlir::DialectRegistry &registry);
/// Registers the targets' passes for girih-opt.
void registerTargetPasses();

} // namespace girih
