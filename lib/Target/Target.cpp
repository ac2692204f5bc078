// Finds a target by its name: the part before the colon chooses the room, the rest the machine's facts.
#include "girih/Target.h"
#include "dialects/Graph/Graph.h"
#include "lib/Support/Error.h"
#include "lib/Target/CPU/Target.h"
#include "lib/Target/MachineFacts.h"
#include "lib/Target/Systolic/Target.h"
#include "runtime/Systolic/Machine.h"

#include "llvm/Support/MemoryBuffer.h"

using namespace girih;
using llvm::SmallVector;
using llvm::StringRef;

CostModel::~CostModel() = default;
Target::~Target() = default;

std::vector<std::string> girih::targetNames() {
  std::vector<std::string> names = {"cpu"};
  for (const EmbeddedFacts &facts : embeddedFacts())
    names.push_back("cpu:" + facts.name.str());
  for (const std::string &machine : systolic::presetNames())
    names.push_back("systolic:" + machine);
  return names;
}

static llvm::Expected<MachineFacts> readFacts(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return badInput("bad-machine-facts", "cannot read machine facts '{0}': {1}", path, buffer.getError().message());
  return MachineFacts::parse((*buffer)->getBuffer(), path);
}

/// The systolic machine that `spec` asks for, a preset or the path of a facts file; empty if it asks for
/// something else.
static StringRef systolicMachine(StringRef spec) {
  StringRef machine = spec;
  if (machine.consume_front("systolic:"))
    return machine;
  if (!spec.contains('/') && !spec.ends_with(".facts"))
    return {};
  auto buffer = llvm::MemoryBuffer::getFile(spec, /*IsText=*/true);
  SmallVector<StringRef> lines;
  if (buffer)
    (*buffer)->getBuffer().split(lines, '\n');
  for (StringRef line : lines)
    if (auto [key, value] = line.split('#').first.split('=');
        key.trim() == "target" && value.trim() == "systolic")
      return spec;
  return {};
}

/// The facts that `spec` asks for: a path, a shipped machine, or this one.
static llvm::Expected<MachineFacts> findFacts(StringRef spec) {
  auto [room, machine] = spec.split(':');
  if (spec.contains('/') && !room.contains('/'))
    return readFacts(machine);
  if (spec.contains('/') || spec.ends_with(".facts"))
    return readFacts(spec);
  if (spec == "cpu")
    return detectMachine();
  if (room == "cpu")
    for (const EmbeddedFacts &facts : embeddedFacts())
      if (facts.name == machine)
        return MachineFacts::parse(facts.text, machine);
  return makeError(ExitStatus::Usage, "unknown-target", "unknown target '{0}'; expected {1}, or the path of a facts file",
                   spec, llvm::join(targetNames(), ", "));
}

llvm::Expected<std::unique_ptr<Target>> girih::lookupTarget(StringRef spec) {
  if (StringRef machine = systolicMachine(spec); !machine.empty())
    return systolic::createTarget(machine);
  llvm::Expected<MachineFacts> facts = findFacts(spec);
  if (!facts)
    return facts.takeError();
  if (facts->target != "cpu")
    return makeError(
        ExitStatus::Usage, "unknown-target",
        "'{0}' describes a machine for target '{1}', but this compiler has only 'cpu' and 'systolic'", spec,
        facts->target);
  return cpu::createTarget(std::move(*facts));
}

mlir::FailureOr<std::unique_ptr<Target>> girih::targetOf(mlir::ModuleOp module, StringRef spec) {
  if (spec.empty())
    if (auto chosen = module->getAttrOfType<mlir::StringAttr>(graph::kTargetAttr))
      spec = chosen;
  llvm::Expected<std::unique_ptr<Target>> target = lookupTarget(spec.empty() ? "cpu" : spec);
  if (!target)
    return module.emitError(llvm::toString(target.takeError()));
  return std::move(*target);
}

void girih::registerTargetDialects(mlir::DialectRegistry &registry) {
  cpu::registerDialects(registry);
  systolic::registerDialects(registry);
}
void girih::registerTargetPasses() {
  cpu::registerPasses();
  systolic::registerPasses();
}
