// The plan as text, one line a fact, and the pass that shows it to tests.
#include "lib/Artifact/Passes.h"
#include "lib/Artifact/Plan.h"

using namespace mlir;
using namespace girih;
using namespace girih::artifact;

namespace {

class Printer {
public:
  Printer(const Plan &plan, raw_ostream &os) : plan(plan), names(plan.symbolNames()), os(os) {}

  void print();

private:
  void print(const Entry &entry);
  void print(const Entry &entry, const Launch &launch);
  void print(const Entry &entry, const Argument &argument);
  void printDims(ArrayRef<Size> dims);

  const Plan &plan;
  std::vector<std::string> names;
  raw_ostream &os;
};

} // namespace

void Printer::printDims(ArrayRef<Size> dims) {
  os << '[';
  llvm::interleaveComma(dims, os, [&](const Size &dim) { os << dim.str(names); });
  os << ']';
}

void Printer::print(const Entry &entry, const Argument &argument) {
  switch (argument.place) {
  case Place::Arena:
    os << "slot" << argument.index;
    break;
  case Place::Weight:
    os << graph::ParameterOp(plan.weights[argument.index]).getSymName();
    break;
  case Place::Input:
    os << entry.inputs[argument.index].name;
    break;
  case Place::Output:
    os << entry.outputs[argument.index].name;
    break;
  }
  printDims(argument.dims);
}

void Printer::print(const Entry &entry, const Launch &launch) {
  if (launch.barrierBefore)
    os << "  barrier\n";
  os << "  " << (launch.isCopy() ? "copy" : launch.kernel) << '(';
  llvm::interleaveComma(launch.arguments, os, [&](const Argument &argument) { print(entry, argument); });
  os << ')';
  if (!launch.isCopy()) {
    os << " grid ";
    printDims(launch.grid);
  }
  os << " label \"" << launch.label << '"';
  if (launch.flops)
    os << " flops " << launch.flops->str(names);
  if (launch.bytes)
    os << " bytes " << launch.bytes->str(names);
  os << '\n';
}

void Printer::print(const Entry &entry) {
  os << "entry " << entry.name << '\n';
  for (auto [i, slot] : llvm::enumerate(entry.arena.slots))
    os << "  slot" << i << " offset " << slot.offset.str(names) << " bytes " << slot.bytes.str(names) << '\n';
  os << "  arena " << entry.arena.bytes.str(names) << '\n';
  for (const Launch &launch : entry.launches)
    print(entry, launch);
}

void Printer::print() {
  for (const Symbol &symbol : plan.symbols)
    os << "symbol " << symbol.name << ' ' << symbol.min << " to " << symbol.max << '\n';
  for (graph::ParameterOp parameter : plan.weights)
    os << "weight " << parameter.getSymName() << ' ' << parameter.getType() << '\n';
  for (const Entry &entry : plan.entries)
    print(entry);
}

void girih::artifact::print(const Plan &plan, raw_ostream &os) { Printer(plan, os).print(); }

namespace girih::artifact {
#define GEN_PASS_DEF_ARTIFACTPRINTPLAN
#include "lib/Artifact/Passes.h.inc"
} // namespace girih::artifact

namespace {
struct ArtifactPrintPlan : artifact::impl::ArtifactPrintPlanBase<ArtifactPrintPlan> {
  void runOnOperation() override {
    FailureOr<Plan> plan = planModule(getOperation());
    if (failed(plan))
      return signalPassFailure();
    artifact::print(*plan, llvm::outs());
    markAllAnalysesPreserved();
  }
};
} // namespace
