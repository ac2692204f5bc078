// What a Hugging Face directory says beside config.json of how its decoder is spoken to: special tokens, chat
// template, tokenizer. They go into the artifact, so all of it is checked here, once.
#include "lib/Import/HuggingFace.h"
#include "lib/Support/Error.h"
#include "lib/Support/File.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace girih;
using namespace girih::import;
namespace json = llvm::json;

/// The largest tokenizers of today take 35 MB.
static constexpr size_t longestTokenizer = 128 << 20, longestTemplate = 1 << 20;

namespace {

/// A file of the directory that may be missing, and then has no keys.
struct OptionalJson {
  std::string where;
  json::Object fields;

  static llvm::Expected<OptionalJson> read(StringRef directory, StringRef name) {
    std::string path = joinPath(directory, name);
    OptionalJson result{quoted(path), {}};
    if (!llvm::sys::fs::exists(path))
      return result;
    auto fields = readJsonObject(path);
    if (!fields)
      return fields.takeError();
    result.fields = std::move(*fields);
    return result;
  }
};

/// The text of a file that may be missing, and is empty then.
llvm::Expected<std::string> readText(StringRef path, size_t longest, StringRef code) {
  if (!llvm::sys::fs::exists(path))
    return "";
  auto buffer = openFile(path);
  if (!buffer)
    return buffer.takeError();
  StringRef text = (*buffer)->getBuffer();
  if (text.size() > longest)
    return badInput(code, "expected a file of at most {0} bytes, but found {1}; in {2}", longest, text.size(),
                    quoted(path));
  return text.str();
}

} // namespace

/// Texts of an artifact are UTF-8 and end at a NUL.
static llvm::Error checkText(StringRef text, StringRef what, StringRef where) {
  if (json::isUTF8(text) && !text.contains('\0'))
    return llvm::Error::success();
  return badInput("bad-config-value", "expected UTF-8 without NUL as {0}, but found other bytes; in {1}",
                  what, where);
}

/// The ids under `key`: a number, a list of them, or null for none; comma-separated.
static llvm::Expected<std::string> readTokens(StringRef key, const json::Value &value, StringRef where) {
  std::vector<std::string> ids;
  json::Array one{value};
  const json::Array *list = value.getAsArray();
  for (const json::Value &element : value.getAsNull() ? json::Array() : list ? *list : one) {
    std::optional<int64_t> id = element.getAsInteger();
    if (!id || *id < 0 || *id > std::numeric_limits<int32_t>::max())
      return badInput("bad-config-value", "expected tokens' numbers as '{0}', but found {1}; in {2}", key,
                      brief(element), where);
    if (!llvm::is_contained(ids, std::to_string(*id)))
      ids.push_back(std::to_string(*id));
  }
  return llvm::join(ids, ",");
}

/// generation_config.json says more than config.json, where it says anything.
static llvm::Expected<std::string> findTokens(StringRef key, const OptionalJson &generation,
                                              const json::Object &config, StringRef where) {
  if (const json::Value *value = generation.fields.get(key); value && !value->getAsNull())
    return readTokens(key, *value, generation.where);
  if (const json::Value *value = config.get(key))
    return readTokens(key, *value, where);
  return "";
}

/// The template that tokenizer_config.json holds: one, or the one named default of a list.
static llvm::Expected<std::string> templateOf(const OptionalJson &tokenizer) {
  const json::Value *value = tokenizer.fields.get("chat_template");
  if (!value || value->getAsNull())
    return "";
  if (std::optional<StringRef> text = value->getAsString())
    return text->str();
  auto malformed = [&] {
    return badInput(
        "bad-config-value",
        "expected a string or a list of named templates as 'chat_template', but found {0}; in {1}",
        brief(*value), tokenizer.where);
  };
  const json::Array *list = value->getAsArray();
  if (!list)
    return malformed();
  std::string chosen;
  for (const json::Value &element : *list) {
    const json::Object *named = element.getAsObject();
    std::optional<StringRef> name = named ? named->getString("name") : std::nullopt,
                             text = named ? named->getString("template") : std::nullopt;
    if (!name || !text)
      return malformed();
    if (*name == "default")
      chosen = text->str();
  }
  return chosen;
}

/// A file of its own comes before tokenizer_config.json.
static llvm::Error addTemplate(ModelBuilder &model, const OptionalJson &tokenizer, StringRef directory) {
  std::string path = joinPath(directory, "chat_template.jinja"), where = quoted(path);
  auto text = readText(path, longestTemplate, "bad-config-value");
  if (!text)
    return text.takeError();
  auto inner = templateOf(tokenizer);
  if (!inner)
    return inner.takeError();
  if (text->empty())
    std::tie(*text, where) = std::pair(*inner, tokenizer.where);
  model.setProperty("chat_template", *text);
  return checkText(*text, "chat template", where);
}

/// What a template writes where it says `bos_token`: the texts that tokenizer_config.json gives, null where
/// it says that there is none.
static llvm::Error addSpecialTokens(ModelBuilder &model, const OptionalJson &tokenizer) {
  json::Object tokens;
  for (StringRef name :
       {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
    const json::Value *value = tokenizer.fields.get(name);
    if (!value)
      continue;
    const json::Object *described = value->getAsObject(); // with the ways in which text is searched for it
    std::optional<StringRef> text = described ? described->getString("content") : value->getAsString();
    if (!text && !value->getAsNull())
      return badInput("bad-config-value", "expected a token's text as '{0}', but found {1}; in {2}", name,
                      brief(*value), tokenizer.where);
    tokens[name] = text ? json::Value(*text) : json::Value(nullptr);
  }
  if (!tokens.empty())
    model.setProperty("special_tokens", llvm::formatv("{0}", json::Value(std::move(tokens))).str());
  return llvm::Error::success();
}

static llvm::Error addTokenizer(ModelBuilder &model, StringRef directory) {
  std::string path = joinPath(directory, "tokenizer.json");
  auto text = readText(path, longestTokenizer, "bad-tokenizer");
  if (!text)
    return text.takeError();
  if (text->empty() && !llvm::sys::fs::exists(path))
    return llvm::Error::success();
  auto parsed = parseJson(*text, quoted(path), "bad-tokenizer");
  if (!parsed)
    return parsed.takeError();
  if (!parsed->getAsObject())
    return badInput("bad-tokenizer", "expected an object, but found {0}; in {1}", brief(*parsed),
                    quoted(path));
  model.setProperty("tokenizer", *text);
  return llvm::Error::success();
}

void girih::import::describeDecoder(ModelBuilder &model, StringRef family, const ModelConfig &config) {
  model.setProperty("family", family);
  model.setProperty("vocabulary", std::to_string(config.vocabulary));
  model.setProperty("hidden", std::to_string(config.hidden));
  model.setProperty("layers", std::to_string(config.layers));
}

llvm::Error girih::import::addLanguageProperties(ModelBuilder &model, const json::Object &config,
                                                 StringRef directory, StringRef where) {
  auto generation = OptionalJson::read(directory, "generation_config.json");
  if (!generation)
    return generation.takeError();
  for (StringRef name : {"bos", "eos"}) {
    auto tokens = findTokens((name + "_token_id").str(), *generation, config, where);
    if (!tokens)
      return tokens.takeError();
    model.setProperty(name, *tokens);
  }
  auto tokenizer = OptionalJson::read(directory, "tokenizer_config.json");
  if (!tokenizer)
    return tokenizer.takeError();
  if (llvm::Error error = addTemplate(model, *tokenizer, directory))
    return error;
  if (llvm::Error error = addSpecialTokens(model, *tokenizer))
    return error;
  return addTokenizer(model, directory);
}
