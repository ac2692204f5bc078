// Turns a tokenizer in GGUF's metadata into the text of a Hugging Face tokenizer.json: byte-level BPE with the pre-tokenizer that the
// file names, and SentencePiece's BPE, whose merges follow from its scores.
#include "lib/Import/GGUF.h"
#include "lib/Support/Error.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace girih;
using namespace girih::import;
using llvm::StringLiteral;
using llvm::StringRef;
namespace json = llvm::json;

static constexpr const char *code = "bad-tokenizer";
/// Types of tokens, as GGUF numbers them.
enum TokenType { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };
/// Longer pieces of SentencePiece cost the square of their length, and no vocabulary has them.
static constexpr size_t longestPiece = 256;

namespace {

/// How byte-level BPE cuts text before it merges.
struct PreTokenizer {
  StringLiteral name;
  StringLiteral pattern;      ///< isolates its matches; empty: GPT-2's
  bool digits = false;        ///< digits stand alone
  bool composes = false;      ///< text is NFC
  bool ignoresMerges = false; ///< a word that is a token is not merged
  bool addsBos = false;       ///< unless the file says otherwise
};

} // namespace

// The patterns are those of the models' own tokenizer.json.
static constexpr StringLiteral llama3Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
static constexpr StringLiteral qwen2Pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
static constexpr StringLiteral tekkenPattern =
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|"
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|"
    "\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
static constexpr PreTokenizer preTokenizers[] = {
    {.name = "default", .pattern = ""},
    {.name = "gpt-2", .pattern = ""},
    {.name = "smollm", .pattern = "", .digits = true},
    {.name = "llama-bpe", .pattern = llama3Pattern, .ignoresMerges = true, .addsBos = true},
    {.name = "llama3", .pattern = llama3Pattern, .ignoresMerges = true, .addsBos = true},
    {.name = "llama-v3", .pattern = llama3Pattern, .ignoresMerges = true, .addsBos = true},
    {.name = "falcon3", .pattern = llama3Pattern, .ignoresMerges = true, .addsBos = true},
    {.name = "tekken",
     .pattern = tekkenPattern,
     .ignoresMerges = true,
     .addsBos = true}, // Mistral's since Nemo
    {.name = "qwen2", .pattern = qwen2Pattern, .composes = true},
    {.name = "deepseek-r1-qwen", .pattern = qwen2Pattern, .composes = true},
};

namespace {

class Converter {
public:
  Converter(const GGUFContent &content, StringRef where) : content(content), where(where) {}

  llvm::Expected<std::string> run();

private:
  const GGUFValue *find(StringRef name) const {
    auto found = content.values.find("tokenizer.ggml." + name.str());
    return found == content.values.end() ? nullptr : &found->second;
  }
  llvm::Error readTokens();
  llvm::Expected<const PreTokenizer *> preTokenizer() const;
  llvm::Expected<json::Value> bpe(const PreTokenizer &pre);
  llvm::Expected<json::Value> sentencePiece();
  std::vector<std::pair<StringRef, StringRef>> mergesOfScores(llvm::ArrayRef<double> scores) const;
  json::Array addedTokens() const;
  json::Object vocabulary() const;
  bool flag(StringRef name, bool fallback) const {
    const GGUFValue *value = find(name);
    return value ? value->flag().value_or(fallback) : fallback;
  }
  std::optional<int64_t> token(StringRef name) const {
    const GGUFValue *value = find(name);
    std::optional<int64_t> id = value ? value->integer() : std::nullopt;
    return id && *id >= 0 && *id < static_cast<int64_t>(tokens.size()) ? id : std::nullopt;
  }
  json::Value bosTemplate() const;

  const GGUFContent &content;
  StringRef where;
  std::vector<StringRef> tokens;
  std::vector<int64_t> types;
  llvm::StringMap<int64_t> ids;
};

} // namespace

/// Tokens must differ: they are keys of a map in tokenizer.json.
llvm::Error Converter::readTokens() {
  auto texts = find("tokens") ? find("tokens")->texts() : std::nullopt;
  if (!texts || texts->size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    return badInput(code, "expected an array of strings as 'tokenizer.ggml.tokens', but found none; in {0}", where);
  tokens = std::move(*texts);
  for (auto [id, token] : llvm::enumerate(tokens)) {
    if (!json::isUTF8(token))
      return badInput(code, "expected tokens in UTF-8, but token {0} is not: {1}; in {2}", id, quoted(json::fixUTF8(token)), where);
    if (!ids.try_emplace(token, id).second)
      return badInput(code, "expected every token once, but {0} has the numbers {1} and {2}; in {3}", quoted(token), ids[token], id, where);
  }
  types.assign(tokens.size(), Normal);
  const GGUFValue *value = find("token_type");
  if (!value)
    return llvm::Error::success();
  auto numbers = value->integers();
  if (!numbers || numbers->size() != tokens.size())
    return badInput(code, "expected {0} integers as 'tokenizer.ggml.token_type', one for each token, but found {1}; in {2}", tokens.size(),
                    value->count, where);
  types = std::move(*numbers);
  return llvm::Error::success();
}

json::Object Converter::vocabulary() const {
  json::Object result;
  for (auto [id, token] : llvm::enumerate(tokens))
    result[token] = static_cast<int64_t>(id);
  return result;
}

/// Tokens that text is searched for before anything else: those that steer, and those that the user defined.
json::Array Converter::addedTokens() const {
  json::Array result;
  for (auto [id, token] : llvm::enumerate(tokens))
    if (types[id] == Control || types[id] == UserDefined || types[id] == Unknown)
      result.push_back(json::Object{{"id", static_cast<int64_t>(id)}, {"content", token}, {"single_word", false}, {"lstrip", false},
                                    {"rstrip", false}, {"normalized", false}, {"special", types[id] != UserDefined}});
  return result;
}

/// Puts the first token before every text.
json::Value Converter::bosTemplate() const {
  StringRef bos = tokens[*token("bos_token_id")];
  auto special = [&](int64_t type) { return json::Object{{"SpecialToken", json::Object{{"id", bos}, {"type_id", type}}}}; };
  auto sequence = [](StringRef id, int64_t type) { return json::Object{{"Sequence", json::Object{{"id", id}, {"type_id", type}}}}; };
  return json::Object{
      {"type", "TemplateProcessing"},
      {"single", json::Array{special(0), sequence("A", 0)}},
      {"pair", json::Array{special(0), sequence("A", 0), special(1), sequence("B", 1)}},
      {"special_tokens",
       json::Object{{bos, json::Object{{"id", bos}, {"ids", json::Array{*token("bos_token_id")}}, {"tokens", json::Array{bos}}}}}}};
}

llvm::Expected<const PreTokenizer *> Converter::preTokenizer() const {
  const GGUFValue *value = find("pre");
  std::optional<StringRef> name = value ? value->text() : StringRef("default");
  for (const PreTokenizer &known : preTokenizers)
    if (name == known.name)
      return &known;
  return badInput(
      "unsupported-tokenizer",
      "expected 'tokenizer.ggml.pre' among {0}, but found {1}; in {2}; the model's Hugging Face directory "
      "has its tokenizer.json",
      llvm::join(llvm::map_range(preTokenizers, [](const PreTokenizer &pre) { return pre.name.str(); }),
                 ", "),
      name ? quoted(json::fixUTF8(*name)) : "no string", where);
}

static json::Object byteLevel(bool useRegex) {
  return json::Object{{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", useRegex}};
}

static json::Value cutting(const PreTokenizer &pre) {
  if (pre.digits)
    return json::Object{{"type", "Sequence"},
                        {"pretokenizers", json::Array{json::Object{{"type", "Digits"}, {"individual_digits", true}}, byteLevel(true)}}};
  if (pre.pattern.empty())
    return byteLevel(true);
  json::Object split{{"type", "Split"}, {"pattern", json::Object{{"Regex", pre.pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
  return json::Object{{"type", "Sequence"}, {"pretokenizers", json::Array{std::move(split), byteLevel(false)}}};
}

static json::Object bpeModel(json::Object vocabulary, json::Array merges) {
  return json::Object{{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", nullptr}, {"continuing_subword_prefix", nullptr},
                      {"end_of_word_suffix", nullptr}, {"fuse_unk", false}, {"byte_fallback", false}, {"ignore_merges", false},
                      {"vocab", std::move(vocabulary)}, {"merges", std::move(merges)}};
}

llvm::Expected<json::Value> Converter::bpe(const PreTokenizer &pre) {
  auto texts = find("merges") ? find("merges")->texts() : std::nullopt;
  if (!texts)
    return badInput(code, "expected an array of strings as 'tokenizer.ggml.merges', but found none; in {0}", where);
  json::Array merges;
  for (StringRef merge : *texts) {
    auto [left, right] = merge.split(' ');
    // Compared part by part: looking them up is safe whatever their bytes.
    if (!ids.contains(left) || !ids.contains(right) || !ids.contains((left + right).str()))
      return badInput(code, "expected merges of two tokens into a third, but found {0}; in {1}", quoted(json::fixUTF8(merge)), where);
    merges.push_back(merge);
  }
  json::Object model = bpeModel(vocabulary(), std::move(merges));
  model["ignore_merges"] = pre.ignoresMerges;
  bool bos = flag("add_bos_token", pre.addsBos) && token("bos_token_id");
  json::Object decoder = byteLevel(true);
  decoder["add_prefix_space"] = true;
  return json::Object{{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}, {"added_tokens", addedTokens()},
                      {"normalizer", pre.composes ? json::Value(json::Object{{"type", "NFC"}}) : json::Value(nullptr)},
                      {"pre_tokenizer", cutting(pre)}, {"post_processor", bos ? bosTemplate() : json::Value(nullptr)},
                      {"decoder", std::move(decoder)}, {"model", std::move(model)}};
}

/// SentencePiece merges the neighbours whose union scores highest. tokenizers wants the pairs in that order: for each piece every way
/// to cut it into two, by their numbers; then by score, and equal scores by the parts' lengths, longest first.
std::vector<std::pair<StringRef, StringRef>> Converter::mergesOfScores(llvm::ArrayRef<double> scores) const {
  struct Merge {
    StringRef left, right;
    double score;
    int64_t leftId, rightId;
    size_t leftLength, rightLength;
  };
  std::vector<Merge> merges;
  auto isBegin = [](char byte) { return (static_cast<uint8_t>(byte) & 0xc0) != 0x80; };
  for (auto [id, piece] : llvm::enumerate(tokens)) {
    std::vector<Merge> own;
    size_t characters = llvm::count_if(piece, isBegin), before = 0;
    for (size_t at = 1; at < piece.size(); ++at) {
      before += isBegin(piece[at - 1]);
      if (!isBegin(piece[at]))
        continue;
      auto left = ids.find(piece.take_front(at)), right = ids.find(piece.drop_front(at));
      if (left != ids.end() && right != ids.end())
        own.push_back({left->first(), right->first(), scores[id], left->second, right->second, before, characters - before});
    }
    llvm::stable_sort(own, [](const Merge &a, const Merge &b) { return std::tie(a.leftId, a.rightId) < std::tie(b.leftId, b.rightId); });
    merges.insert(merges.end(), own.begin(), own.end());
  }
  llvm::stable_sort(merges, [](const Merge &a, const Merge &b) {
    return std::tie(a.score, a.leftLength, a.rightLength) > std::tie(b.score, b.leftLength, b.rightLength);
  });
  std::vector<std::pair<StringRef, StringRef>> result;
  for (const Merge &merge : merges)
    result.push_back({merge.left, merge.right});
  return result;
}

llvm::Expected<json::Value> Converter::sentencePiece() {
  static constexpr StringLiteral space = "\u2581";
  auto scores = find("scores") ? find("scores")->numbers() : std::nullopt;
  if (!scores || scores->size() != tokens.size() || llvm::any_of(*scores, [](double score) { return score != score; }))
    return badInput(code, "expected {0} numbers as 'tokenizer.ggml.scores', one for each token, but found other; in {1}", tokens.size(), where);
  for (StringRef piece : tokens)
    if (piece.size() > longestPiece)
      return badInput(code, "expected pieces of at most {0} bytes, but found one of {1}, {2}; in {3}", longestPiece, piece.size(), quoted(piece), where);
  json::Array merges;
  for (const auto &[left, right] : mergesOfScores(*scores))
    merges.push_back(json::Array{left, right});
  json::Object model = bpeModel(vocabulary(), std::move(merges));
  std::optional<int64_t> unknown = token("unknown_token_id");
  auto isUnknown = llvm::find(types, Unknown);
  if (!unknown && isUnknown != types.end())
    unknown = isUnknown - types.begin();
  model["unk_token"] = unknown ? json::Value(tokens[*unknown]) : json::Value(nullptr);
  model["fuse_unk"] = model["byte_fallback"] = true;
  auto replace = [](StringRef from, StringRef to) {
    return json::Object{{"type", "Replace"}, {"pattern", json::Object{{"String", from}}}, {"content", to}};
  };
  json::Array normalizers, decoders{replace(space, " "), json::Object{{"type", "ByteFallback"}}, json::Object{{"type", "Fuse"}}};
  if (flag("add_space_prefix", true)) {
    normalizers.push_back(json::Object{{"type", "Prepend"}, {"prepend", space}});
    decoders.push_back(json::Object{{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  normalizers.push_back(replace(" ", space));
  bool bos = flag("add_bos_token", true) && token("bos_token_id");
  return json::Object{{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}, {"added_tokens", addedTokens()},
                      {"normalizer", json::Object{{"type", "Sequence"}, {"normalizers", std::move(normalizers)}}},
                      {"pre_tokenizer", nullptr}, {"post_processor", bos ? bosTemplate() : json::Value(nullptr)},
                      {"decoder", json::Object{{"type", "Sequence"}, {"decoders", std::move(decoders)}}}, {"model", std::move(model)}};
}

llvm::Expected<std::string> Converter::run() {
  const GGUFValue *model = find("model");
  if (!model)
    return "";
  std::optional<StringRef> kind = model->text();
  if (kind != StringRef("gpt2") && kind != StringRef("llama"))
    return badInput("unsupported-tokenizer", "expected 'tokenizer.ggml.model' to be gpt2 or llama, but found {0}; in {1}",
                    kind ? quoted(json::fixUTF8(*kind)) : "no string", where);
  if (llvm::Error error = readTokens())
    return std::move(error);
  llvm::Expected<json::Value> result = json::Value(nullptr);
  if (*kind == "llama") {
    result = sentencePiece();
  } else {
    auto pre = preTokenizer();
    if (!pre)
      return pre.takeError();
    result = bpe(**pre);
  }
  if (!result)
    return result.takeError();
  return llvm::formatv("{0}", *result).str();
}

llvm::Expected<std::string> girih::import::convertTokenizer(const GGUFContent &content, StringRef where) {
  return Converter(content, where).run();
}
