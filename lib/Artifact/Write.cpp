// Translates a plan into the artifact's tables, one function per table, then hands the weights to the writer
// as it asks.
#include "lib/Artifact/Write.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lib/Artifact/ElementTypes.h"
#include "lib/Artifact/ObjectFile.h"
#include "lib/Artifact/PendingFile.h"
#include "lib/Artifact/Weights.h"
#include "lib/Artifact/Writer.h"
#include "lib/Support/Error.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace girih;
using namespace girih::artifact;

namespace {

class PlanWriter {
public:
  PlanWriter(const Plan &plan, const WriteRequest &request, WeightReader &weights)
      : plan(plan), request(request), weights(weights) {}

  llvm::Error build(ArrayRef<KernelImage> images);
  llvm::Expected<WriteSummary> write();

private:
  void addProperties();
  void addWeights();
  void addWeight(unsigned number);
  WeightInfo describe(graph::ParameterOp parameter);
  uint32_t externalFile(graph::ParameterOp parameter);
  llvm::Error addImage(const KernelImage &image, ArrayRef<KernelImage> all);
  void addEntry(const Entry &entry);
  void addCommand(const Launch &launch, uint32_t firstBuffer);
  ValueInfo value(const artifact::Value &value);
  ArgInfo argument(const Argument &argument, uint32_t firstBuffer);
  WriteResult writeObject(const FillWeight &fill, const WriteOptions &options, uint64_t bytes);
  uint32_t expression(const Size &size);
  std::vector<uint32_t> expressions(ArrayRef<Size> sizes);

  const Plan &plan;
  const WriteRequest &request;
  WeightReader &weights;
  ArtifactBuilder builder;
  llvm::StringMap<uint32_t> externalFiles;
};

} // namespace

uint32_t PlanWriter::expression(const Size &size) {
  SmallVector<uint32_t> stack;
  for (const Size::Instruction &i : size.instructions()) {
    if (i.opcode == GIRIH_OP_CONST) {
      stack.push_back(builder.constant(i.value));
    } else if (i.opcode == GIRIH_OP_SYMBOL) {
      stack.push_back(builder.symbol(i.value));
    } else {
      uint32_t rhs = stack.pop_back_val(), lhs = stack.pop_back_val();
      stack.push_back(builder.binary(static_cast<girih_opcode>(i.opcode), lhs, rhs));
    }
  }
  return stack.back();
}

std::vector<uint32_t> PlanWriter::expressions(ArrayRef<Size> sizes) {
  std::vector<uint32_t> list;
  for (const Size &size : sizes)
    list.push_back(expression(size));
  return list;
}

void PlanWriter::addProperties() {
  for (const auto &[key, value] : request.properties)
    builder.property(key, value);
  builder.setFacts(request.facts);
}

//===- Weights
//------------------------------------------------------------------------------------------------------===//

WeightInfo PlanWriter::describe(graph::ParameterOp parameter) {
  auto type = cast<RankedTensorType>(parameter.getType());
  WeightInfo info;
  info.name = parameter.getSymName().str();
  info.elementType = elementCode(type.getElementType());
  info.shape.assign(type.getShape().begin(), type.getShape().end());
  info.bytes = graph::getStoredBytes(type);
  if (!type.getEncoding())
    return info;
  llvm::raw_string_ostream(info.encoding) << type.getEncoding();
  info.layout = GIRIH_LAYOUT_OTHER;
  if (auto panels = dyn_cast<graph::PanelsAttr>(type.getEncoding())) {
    info.layout = GIRIH_LAYOUT_PANELS;
    info.layoutParameter = panels.getWidth();
  }
  return info;
}

/// The table's number of the parameter's file, hashed whole so that the runtime can tell it is still the
/// same.
uint32_t PlanWriter::externalFile(graph::ParameterOp parameter) {
  auto [path, buffer] = weights.file(parameter);
  auto [found, isNew] = externalFiles.try_emplace(path, 0);
  if (isNew)
    found->second = builder.addExternalFile(path, buffer->getBufferSize(),
                                            XXH3_64bits(buffer->getBufferStart(), buffer->getBufferSize()));
  return found->second;
}

void PlanWriter::addWeight(unsigned number) {
  graph::ParameterOp parameter = plan.weights[number];
  WeightInfo info = describe(parameter);
  bool small = parameter.getValueAttr() != nullptr; // a derived table is the model's own, never random
  if (request.weights == WeightStorage::Random && !small)
    builder.addRandomWeight(info, request.seed);
  else if (request.weights == WeightStorage::External && weights.isStoredAsInSource(number))
    builder.addExternalWeight(info, externalFile(parameter), parameter.getSourceAttr().getOffset());
  else
    builder.addStoredWeight(info);
}

void PlanWriter::addWeights() {
  for (unsigned number = 0; number < plan.weights.size(); ++number)
    addWeight(number);
}

//===- Code
//---------------------------------------------------------------------------------------------------------===//

static bool hasKernel(const KernelImage &image, StringRef name) {
  return llvm::any_of(image.kernels, [&](const KernelImage::Kernel &kernel) { return kernel.name == name; });
}

llvm::Error PlanWriter::addImage(const KernelImage &image, ArrayRef<KernelImage> all) {
  VersionInfo version;
  version.name = image.version;
  version.image = image.bytes;
  if (image.machine == KernelImage::Machine::Systolic)
    version.machine = GIRIH_MACHINE_SYSTOLIC;
  if (image.machine == KernelImage::Machine::NVIDIA)
    version.machine = GIRIH_MACHINE_NVIDIA;
  for (const std::string &feature : image.features) {
    unsigned bit = cpuFeatureBit(feature);
    if (bit == GIRIH_CPU_FEATURE_COUNT)
      return makeError(ExitStatus::Internal, "internal",
                       "the artifact format has no bit for the CPU feature '{0}'", feature);
    version.features |= uint64_t(1) << bit;
  }
  llvm::StringMap<girih_kernel_code> code;
  for (const KernelImage::Kernel &kernel : image.kernels)
    code[kernel.name] = {kernel.entry, kernel.scratchBytes};
  for (const std::string &kernel : plan.kernels) {
    auto leaves = [&](const KernelImage &other) {
      return other.machine != image.machine && hasKernel(other, kernel);
    };
    if (!code.count(kernel) && llvm::any_of(all, leaves))
      code[kernel] = {GIRIH_NO_CODE, 0};
    if (!code.count(kernel))
      return makeError(ExitStatus::Internal, "internal",
                       "the target emitted no code for kernel '{0}' in version {1}", kernel, image.version);
    version.kernels.push_back(code[kernel]);
  }
  builder.addVersion(std::move(version));
  return llvm::Error::success();
}

//===- Entries
//------------------------------------------------------------------------------------------------------===//

ValueInfo PlanWriter::value(const artifact::Value &value) {
  ValueInfo info{value.name, elementCode(value.elementType), expressions(value.dims)};
  info.isState = value.isState;
  info.hasRange = value.range.has_value();
  if (value.range)
    std::tie(info.rangeLow, info.rangeHigh) = *value.range;
  return info;
}

ArgInfo PlanWriter::argument(const Argument &argument, uint32_t firstBuffer) {
  ArgInfo info;
  info.dims = expressions(argument.dims);
  info.index = argument.index;
  switch (argument.place) {
  case Place::Arena:
    info.kind = GIRIH_ARG_BUFFER;
    info.index += firstBuffer;
    info.bytes = expression(argument.bytes);
    break;
  case Place::Weight:
    info.kind = GIRIH_ARG_WEIGHT;
    break;
  case Place::Input:
    info.kind = GIRIH_ARG_INPUT;
    break;
  case Place::Output:
    info.kind = GIRIH_ARG_OUTPUT;
    break;
  }
  return info;
}

void PlanWriter::addCommand(const Launch &launch, uint32_t firstBuffer) {
  if (launch.barrierBefore)
    builder.barrier();
  LaunchInfo info;
  for (const Argument &a : launch.arguments)
    info.args.push_back(argument(a, firstBuffer));
  if (launch.isCopy())
    return builder.copy(/*to=*/info.args[1], /*from=*/info.args[0], launch.label);
  info.kernel = llvm::find(plan.kernels, launch.kernel) - plan.kernels.begin();
  info.grid = expressions(launch.grid);
  info.label = launch.label;
  if (launch.flops)
    info.flops = expression(*launch.flops);
  if (launch.bytes)
    info.bytes = expression(*launch.bytes);
  builder.launch(info);
}

void PlanWriter::addEntry(const Entry &entry) {
  uint32_t firstBuffer = builder.buffers.size();
  for (auto [i, slot] : llvm::enumerate(entry.arena.slots))
    builder.addBuffer("slot" + std::to_string(i), expression(slot.offset), expression(slot.bytes));
  std::vector<ValueInfo> inputs, outputs;
  for (const artifact::Value &input : entry.inputs)
    inputs.push_back(value(input));
  for (const artifact::Value &output : entry.outputs)
    outputs.push_back(value(output));
  builder.beginEntry(entry.name, inputs, outputs);
  for (const Launch &launch : entry.launches)
    addCommand(launch, firstBuffer);
  builder.endEntry(expression(entry.arena.bytes));
}

llvm::Error PlanWriter::build(ArrayRef<KernelImage> images) {
  addProperties();
  for (const Symbol &symbol : plan.symbols)
    builder.addSymbol(symbol.name, symbol.min, symbol.max);
  addWeights();
  for (const std::string &kernel : plan.kernels)
    builder.addKernel(kernel);
  // The runtime takes the first version that the machine can run: another machine's, then the most demanding.
  auto best = llvm::to_vector(llvm::make_pointer_range(images));
  llvm::sort(best, [](auto *a, auto *b) {
    return std::pair(a->machine, a->features.size()) > std::pair(b->machine, b->features.size());
  });
  for (const KernelImage *image : best)
    if (llvm::Error error = addImage(*image, images))
      return error;
  for (const Entry &entry : plan.entries)
    addEntry(entry);
  return llvm::Error::success();
}

WriteResult PlanWriter::writeObject(const FillWeight &fill, const WriteOptions &options, uint64_t bytes) {
  ObjectFrame frame = frameObject(request.objectSymbol, bytes);
  PendingFile file(request.path);
  WriteResult result = file.open();
  if (result.ok())
    result = file.write(frame.before.data(), frame.before.size());
  if (result.ok())
    result = appendArtifact(builder, file, fill, options);
  if (result.ok())
    result = file.write(frame.after.data(), frame.after.size());
  return result.ok() ? file.commit() : result;
}

llvm::Expected<WriteSummary> PlanWriter::write() {
  WriteSummary summary{builder.fileBytes(), builder.storedWeightBytes()};
  if (request.sizeKnown)
    request.sizeKnown(summary.fileBytes, summary.weightBytes);
  WriteOptions options;
  options.progress = request.progress;
  options.interrupted = request.interrupted;
  auto fill = [&](uint32_t weight, uint64_t offset, uint8_t *data, size_t bytes) {
    return weights.fill(weight, offset, {reinterpret_cast<char *>(data), bytes});
  };
  WriteResult result = request.objectSymbol.empty() ? writeArtifact(builder, request.path, fill, options)
                                                    : writeObject(fill, options, summary.fileBytes);
  if (!result.ok())
    return makeError(ExitStatus::Resource, result.code, "{0}", result.message);
  return summary;
}

llvm::Expected<WriteSummary> girih::artifact::writePlan(ModuleOp module, const Plan &plan,
                                                        ArrayRef<KernelImage> images,
                                                        const WriteRequest &request) {
  auto directory = module->getAttrOfType<StringAttr>(graph::kModelAttr);
  WeightReader weights(directory ? directory.getValue() : "", plan.weights,
                       request.weights == WeightStorage::Random);
  if (llvm::Error error = weights.open())
    return std::move(error);
  PlanWriter writer(plan, request, weights);
  if (llvm::Error error = writer.build(images))
    return std::move(error);
  return writer.write();
}
