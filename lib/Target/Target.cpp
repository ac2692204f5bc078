// Finds a target by its name: the part before the colon chooses the room, the rest the machine's facts.
#include "girih/Target.h"
#include "dialects/Graph/Graph.h"
#include "lib/Support/Error.h"
#include "lib/Target/CPU/Target.h"
#include "lib/Target/MachineFacts.h"
#include "lib/Target/NVIDIA/Target.h"
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
  for (StringRef room : {"cpu", "nvidia"})
    for (const EmbeddedFacts &facts : embeddedFacts())
      if (facts.target == room)
        names.push_back((room + ":" + facts.name).str());
  for (const std::string &machine : systolic::presetNames())
    names.push_back("systolic:" + machine);
  return names;
}

/// The room that a facts file is for: the value of its line 'target = …'.
static StringRef roomOf(StringRef text) {
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  for (StringRef line : lines)
    if (auto [key, value] = line.split('#').first.split('='); key.trim() == "target")
      return value.trim();
  return {};
}

static llvm::Expected<std::unique_ptr<Target>> createCPU(llvm::Expected<MachineFacts> facts) {
  if (!facts)
    return facts.takeError();
  return cpu::createTarget(std::move(*facts));
}

static llvm::Expected<std::unique_ptr<Target>> unknownTarget(StringRef spec) {
  return makeError(ExitStatus::Usage, "unknown-target",
                   "unknown target '{0}'; expected {1}, or the path of a facts file", spec,
                   llvm::join(targetNames(), ", "));
}

/// A machine that a facts file describes.
static llvm::Expected<std::unique_ptr<Target>> fromFile(StringRef path, StringRef room, StringRef spec) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return badInput("bad-machine-facts", "cannot read machine facts '{0}': {1}", path,
                    buffer.getError().message());
  StringRef text = (*buffer)->getBuffer(), found = roomOf(text);
  if (!room.empty() && !found.empty() && room != found)
    return makeError(ExitStatus::Usage, "unknown-target",
                     "expected a facts file of target '{0}', but '{1}' describes a machine for '{2}'", room,
                     path, found);
  if (found == "systolic")
    return systolic::createTarget(path);
  if (found == "nvidia")
    return nvidia::createTarget(text, path);
  llvm::Expected<MachineFacts> facts = MachineFacts::parse(text, path);
  if (facts && facts->target != "cpu")
    return makeError(ExitStatus::Usage, "unknown-target",
                     "'{0}' describes a machine for target '{1}', but this compiler has only 'cpu', 'nvidia' "
                     "and 'systolic'",
                     spec, facts->target);
  return createCPU(std::move(facts));
}

llvm::Expected<std::unique_ptr<Target>> girih::lookupTarget(StringRef spec) {
  auto [room, machine] = spec.split(':');
  if (room == "systolic" && !machine.empty())
    return systolic::createTarget(machine);
  bool isPath = spec.contains('/') || spec.ends_with(".facts");
  if (isPath && (room == "cpu" || room == "nvidia"))
    return fromFile(machine, room, spec);
  if (isPath)
    return fromFile(spec, "", spec);
  if (spec == "cpu")
    return createCPU(detectMachine());
  for (const EmbeddedFacts &facts : embeddedFacts())
    if (facts.target == room && facts.name == machine)
      return room == "cpu" ? createCPU(MachineFacts::parse(facts.text, machine))
                           : nvidia::createTarget(facts.text, machine);
  return unknownTarget(spec);
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
  nvidia::registerDialects(registry);
  systolic::registerDialects(registry);
}
void girih::registerTargetPasses() {
  cpu::registerPasses();
  nvidia::registerPasses();
  systolic::registerPasses();
}
