// The pass that lowers every tile program. ProgramLowering.h tells how.
#include "dialects/Graph/Graph.h"
#include "lib/Target/Systolic/Jam.h"
#include "lib/Target/Systolic/Passes.h"
#include "lib/Target/Systolic/ProgramLowering.h"

using namespace mlir;
using namespace girih;

namespace girih::systolic {
#define GEN_PASS_DEF_SYSTOLICLOWERPROGRAMS
#include "lib/Target/Systolic/Passes.h.inc"
} // namespace girih::systolic

/// The dimensions of each argument that have one size in every launch share a register.
static systolic::SharedDims sharedDims(tile::ProgramOp program, ArrayRef<graph::LaunchOp> launches) {
  systolic::SharedDims shared;
  SmallVector<std::pair<int64_t, int64_t>> found;
  for (BlockArgument view : program.getBody().getArguments())
    for (auto [d, size] : llvm::enumerate(cast<tile::ViewType>(view.getType()).getShape())) {
      std::pair<int64_t, int64_t> here(view.getArgNumber(), d);
      auto same = llvm::find_if(found, [&](auto &there) {
        return llvm::all_of(launches, [&](graph::LaunchOp launch) {
          return systolic::sizeIn(launch, here.first, here.second) ==
                 systolic::sizeIn(launch, there.first, there.second);
        });
      });
      if (!ShapedType::isDynamic(size) || launches.empty())
        continue;
      shared[here] = same == found.end() ? here : *same;
      if (same == found.end())
        found.push_back(here);
    }
  return shared;
}

namespace {

struct LowerPrograms : systolic::impl::SystolicLowerProgramsBase<LowerPrograms> {
  using SystolicLowerProgramsBase::SystolicLowerProgramsBase;

  void runOnOperation() override {
    systolic::Machine facts;
    std::string error;
    if (!systolic::Machine::find(machine, facts, error)) {
      getOperation().emitError() << error;
      return signalPassFailure();
    }
    SmallVector<tile::ProgramOp> programs(getOperation().getOps<tile::ProgramOp>());
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    auto module = ModuleOp::create(builder, getOperation().getLoc(), "systolic");
    llvm::DenseMap<StringAttr, SmallVector<graph::LaunchOp>> launches;
    getOperation().walk(
        [&](graph::LaunchOp launch) { launches[launch.getKernelAttr().getAttr()].push_back(launch); });
    for (tile::ProgramOp program : programs)
      if (!program.getSampling() && failed(lower(program, launches[program.getSymNameAttr()], facts, module)))
        return signalPassFailure();
  }

  /// Each with the order of its loops; nothing if none of them has `together` blocks to run as one.
  static std::optional<SmallVector<systolic::Part>> partsOf(tile::ProgramOp program,
                                                            ArrayRef<graph::LaunchOp> launches,
                                                            const systolic::Machine &facts,
                                                            int64_t together) {
    SmallVector<systolic::Part> parts = systolic::splitParts(program);
    bool isJammed = together == 1;
    for (systolic::Part &part : parts) {
      if (together != 1 && !part.range)
        if (OwningOpRef<tile::ProgramOp> jammed = systolic::jamBlocks(*part.program, together)) {
          part.program = std::move(jammed);
          isJammed = true;
        }
      part.nest = systolic::chooseNest(*part.program, launches, facts);
    }
    return isJammed ? std::optional(std::move(parts)) : std::nullopt;
  }

  LogicalResult lower(tile::ProgramOp program, ArrayRef<graph::LaunchOp> launches,
                      const systolic::Machine &facts, ModuleOp module) {
    systolic::SharedDims shared = sharedDims(program, launches);
    std::optional<systolic::ProgramLowering> lowering;
    FailureOr<systolic::Program> made = failure();
    std::optional<Location> where;
    if (!launches.empty())
      where = launches.front()->getLoc();
    using systolic::Schedule;
    for (auto [schedule, together] : {std::pair(Schedule::Overlapped, 4), std::pair(Schedule::Overlapped, 2),
                                      std::pair(Schedule::Overlapped, 1), std::pair(Schedule::Plain, 1)}) {
      std::optional<SmallVector<systolic::Part>> parts = partsOf(program, launches, facts, together);
      if (!parts)
        continue;
      made = lowering.emplace(program, where, facts, shared, schedule).run(*parts);
      if (succeeded(made) || !lowering->isTooLarge())
        break;
      if (remarks && together == 1)
        emitRemark(where.value_or(program.getLoc()))
            << "iterations of kernel '" << program.getSymName() << "' do not overlap on " << facts.name
            << ": " << lowering->whyTooLarge();
    }
    if (failed(made) || failed(systolic::translateFromProgram(*made, program.getSymName(), module)))
      return failure();
    auto op = cast<systolic::ProgramOp>(module.getBody()->back());
    op.setMachine(machine);
    op->setLoc(program.getLoc());
    SmallVector<int64_t> bindings;
    for (auto [reg, binding] : lowering->bindings())
      bindings.append({reg, binding.kind, binding.index, binding.dim});
    op.setBindings(bindings);
    ++numPrograms;
    numInstructions += made->code.size();
    return success();
  }
};

} // namespace
