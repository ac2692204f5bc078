// Gathers a model's tensors from one safetensors file or from the shards that an index names. An index is as untrusted as a
// header: it may not name files outside the directory, and it must agree with what the shards hold.
#include "lib/Import/SafeTensors.h"

#include "lib/Support/Error.h"
#include "lib/Support/File.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"

using namespace girih;
using namespace girih::import;
using llvm::StringRef;

static constexpr const char *singleFile = "model.safetensors";
static constexpr const char *indexFile = "model.safetensors.index.json";

/// Files that hold weights only as Python pickles, which run code when they are read.
static const char *findPickle(StringRef directory) {
  for (const char *name : {"pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "model.ckpt"})
    if (llvm::sys::fs::exists(joinPath(directory, name)))
      return name;
  return nullptr;
}

static llvm::Error noWeights(StringRef directory) {
  if (const char *pickle = findPickle(directory))
    return badInput("pickled-weights",
                    "expected {0}, but found only {1}, a pickle, which can run code when it is read; in {2}; convert it with "
                    "transformers: AutoModel.from_pretrained(DIR).save_pretrained(DIR, safe_serialization=True)",
                    singleFile, pickle, quoted(directory));
  return badInput("missing-file", "expected {0} or {1}, but found neither; in {2}; a model is a directory with config.json and weights",
                  singleFile, indexFile, quoted(directory));
}

/// A shard's name must be that of a file in the model's own directory.
static llvm::Error checkShardName(StringRef name, StringRef where) {
  bool plain = name.ends_with(".safetensors") && name.find_first_of(StringRef("/\\\0", 3)) == StringRef::npos &&
               !name.starts_with(".") && llvm::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (plain)
    return llvm::Error::success();
  return badInput("bad-shard-index", "expected the name of a .safetensors file beside the index, but found {0}; in {1}",
                  quoted(name), where);
}

/// Reads the index: which shard holds which tensor.
static llvm::Expected<llvm::StringMap<std::string>> readIndex(const std::string &path) {
  auto index = readJsonObject(path);
  if (!index)
    return index.takeError();
  std::string where = quoted(path);
  const llvm::json::Object *weights = index->getObject("weight_map");
  if (!weights || weights->empty())
    return badInput("bad-shard-index", "expected an object 'weight_map' from tensors to files; in {0}", where);
  llvm::StringMap<std::string> shards;
  for (const auto &field : *weights) {
    std::optional<StringRef> file = field.second.getAsString();
    if (!file)
      return badInput("bad-shard-index", "expected a file name for tensor {0}, but found {1}; in {2}", quoted(field.first),
                      brief(field.second), where);
    if (llvm::Error error = checkShardName(*file, where))
      return error;
    shards[StringRef(field.first)] = file->str();
  }
  return shards;
}

llvm::Error Checkpoint::addFile(StringRef directory, StringRef file) {
  auto opened = SafeTensorsFile::open(joinPath(directory, file));
  if (!opened)
    return opened.takeError();
  for (const SafeTensor &tensor : opened->tensors()) {
    auto [entry, inserted] = entries.try_emplace(tensor.name, Entry{tensor, file.str()});
    if (!inserted)
      return badInput("wrong-shard", "expected tensor {0} in one file, but both {1} and {2} hold it; in {3}", quoted(tensor.name),
                      entry->second.file, file, quoted(directory));
  }
  return llvm::Error::success();
}

/// The index and the shards must tell the same story.
static llvm::Error checkAgainstIndex(const Checkpoint &checkpoint, const llvm::StringMap<std::string> &index, StringRef where) {
  std::vector<StringRef> listed(index.keys().begin(), index.keys().end());
  llvm::sort(listed); // so that the first fault reported is the same in every run
  for (StringRef name : listed) {
    StringRef file = index.find(name)->second;
    const Checkpoint::Entry *entry = checkpoint.find(name);
    if (!entry || entry->file != file)
      return badInput("wrong-shard", "expected tensor {0} in {1}, but it is in {2}; in {3}", quoted(name), file,
                      entry ? entry->file : "no shard", where);
  }
  for (StringRef name : checkpoint.names())
    if (!index.contains(name))
      return badInput("wrong-shard", "expected every tensor of the shards in the index, but {0} of {1} is not; in {2}",
                      quoted(name), checkpoint.find(name)->file, where);
  return llvm::Error::success();
}

llvm::Expected<Checkpoint> Checkpoint::openFile(StringRef directory, StringRef file) {
  Checkpoint checkpoint;
  if (llvm::Error error = checkpoint.addFile(directory, file))
    return error;
  return checkpoint;
}

llvm::Expected<Checkpoint> Checkpoint::open(StringRef directory) {
  if (llvm::sys::fs::exists(joinPath(directory, singleFile)))
    return openFile(directory, singleFile);
  std::string path = joinPath(directory, indexFile);
  if (!llvm::sys::fs::exists(path))
    return noWeights(directory);
  auto index = readIndex(path);
  if (!index)
    return index.takeError();
  std::vector<std::string> files;
  for (const auto &entry : *index)
    files.push_back(entry.second);
  llvm::sort(files);
  files.erase(std::unique(files.begin(), files.end()), files.end());
  Checkpoint checkpoint;
  for (const std::string &file : files) {
    if (!llvm::sys::fs::exists(joinPath(directory, file)))
      return badInput("missing-shard", "expected {0}, as {1} says, but it is not there; in {2}; download the model again",
                      quoted(file), indexFile, quoted(directory));
    if (llvm::Error error = checkpoint.addFile(directory, file))
      return error;
  }
  if (llvm::Error error = checkAgainstIndex(checkpoint, *index, quoted(path)))
    return error;
  return checkpoint;
}

Checkpoint Checkpoint::ofFile(llvm::ArrayRef<SafeTensor> tensors, StringRef file) {
  Checkpoint checkpoint;
  for (const SafeTensor &tensor : tensors)
    checkpoint.entries.try_emplace(tensor.name, Entry{tensor, file.str()});
  return checkpoint;
}

const Checkpoint::Entry *Checkpoint::find(StringRef name) const {
  auto it = entries.find(name);
  return it == entries.end() ? nullptr : &it->second;
}

std::vector<StringRef> Checkpoint::names() const {
  std::vector<StringRef> result(entries.keys().begin(), entries.keys().end());
  llvm::sort(result);
  return result;
}
