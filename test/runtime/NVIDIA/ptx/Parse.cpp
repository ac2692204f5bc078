// The text of a module to kernels. Statements end with ';'; names of registers are those of the scope;
// operands are matched with the forms that the table knows for the instruction's name.
#include "Program.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>
#include <set>

using namespace girih::test::ptx;

//===- The table --------------------------------------------------------------------------------------===//

const Table &Table::get() {
  static const Table all = [] {
    Table table;
    addIntegers(table), addFloats(table), addComparisons(table), addConversions(table);
    addMemory(table), addWarpInstructions(table), addMatrices(table);
    return table;
  }();
  return all;
}

const std::vector<Entry> *Table::find(const std::string &name) const {
  auto found = entries.find(name);
  return found == entries.end() ? nullptr : &found->second;
}

/// Without what only hints at caches or orders memory that is always in order here.
static std::string withoutHints(std::string_view name) {
  static const std::set<std::string_view> hints = {"volatile", "relaxed", "weak", "gpu", "sys", "cta", "nc",
                                                   "ca",       "cg",      "cs",   "lu",  "cv",  "wb",  "wt"};
  bool access = name.starts_with("ld.") || name.starts_with("st."), copy = name.starts_with("cp.async.c");
  std::string kept;
  for (size_t at = 0; at <= name.size();) {
    size_t end = std::min(name.find('.', at), name.size());
    std::string_view part = name.substr(at, end - at);
    bool hint = (access && hints.contains(part)) ||
                ((access || copy) && (part.starts_with("L1::") || part.starts_with("L2::")));
    if (!hint)
      kept += (kept.empty() ? "" : ".") + std::string(part);
    at = end + 1;
  }
  return kept;
}

//===- Words ------------------------------------------------------------------------------------------===//

namespace {

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Words and single characters; an address in brackets is one.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> tokens;
  for (size_t at = 0; at != text.size();) {
    char c = text[at];
    size_t end = at + 1;
    if (isSpace(c) || c == ',') {
      at = end;
      continue;
    }
    if (c == '[')
      end = std::min(text.find(']', at), text.size() - 1) + 1;
    else if (!strchr("{}|()<>=@!", c))
      while (end != text.size() && !isSpace(text[end]) && !strchr(",{}|()<>=[", text[end]))
        ++end;
    tokens.push_back(text.substr(at, end - at));
    at = end;
  }
  return tokens;
}

std::optional<uint64_t> parseNumber(std::string_view text, unsigned width) {
  bool negative = text.starts_with("-");
  text.remove_prefix(negative);
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && strchr("xXfFdD", text[1])) {
    if ((tolower(text[1]) == 'f' && (width == 8 || text.size() != 10)) ||
        (tolower(text[1]) == 'd' && width != 8))
      return std::nullopt;
    base = 16;
    text.remove_prefix(2);
  }
  if (text.ends_with("U"))
    text.remove_suffix(1);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    return std::nullopt;
  return negative ? -value : value;
}

uint32_t widthOf(std::string_view type) { // in bytes; predicates are 0
  if (type == ".pred")
    return 0;
  std::optional<uint64_t> bits = type.size() > 2 ? parseNumber(type.substr(2), 8) : std::nullopt;
  return bits && (*bits == 8 || *bits == 16 || *bits == 32 || *bits == 64) ? uint32_t(*bits / 8) : ~0u;
}

//===- One module -------------------------------------------------------------------------------------===//

struct Register {
  uint32_t row, width; // width 0: a predicate
};

class Parser {
public:
  Parser(std::string_view text, std::vector<std::unique_ptr<Kernel>> &kernels)
      : text(text), kernels(kernels) {}
  bool parse();
  std::string error;

private:
  using Tokens = std::span<const std::string_view>;
  bool fail(const std::string &sentence);
  bool nextStatement(std::string_view &statement);
  bool parseDirective(std::string_view statement);
  bool parseShared(Tokens tokens);
  bool parseEntry(std::string_view header);
  bool parseRegisters(Tokens tokens);
  bool parseInstruction(std::string_view statement);
  bool match(const Entry &entry, Tokens operands, Instruction &instruction, std::string &why);
  bool matchOperand(std::string_view form, std::string_view text, Instruction &instruction, std::string &why);
  bool matchAddress(std::string_view text, Instruction &instruction, std::string &why);
  bool matchParameter(std::string_view text, Instruction &instruction, std::string &why);
  bool finishKernel();

  std::optional<Register> findRegister(std::string_view name);
  uint32_t allocate(uint32_t bytes);
  uint32_t constantRow(uint64_t value, unsigned width);
  std::optional<Register> specialRow(std::string_view name);

  std::string_view text;
  std::vector<std::unique_ptr<Kernel>> &kernels;
  size_t at = 0;
  uint32_t line = 1, statementLine = 1;

  std::map<std::string, uint64_t, std::less<>> symbols; // addresses of shared memory
  uint64_t sharedEnd = 0;
  std::string dynamicShared; // begins where the rest ends

  std::unique_ptr<Kernel> kernel; // whose body this is
  std::vector<std::map<std::string, Register, std::less<>>> scopes;
  std::map<std::pair<uint64_t, unsigned>, uint32_t> constants;
  std::map<std::string, uint32_t, std::less<>> parameters;
  std::map<std::string, uint32_t, std::less<>> labels;
  std::vector<std::pair<uint32_t, std::string>> branches; // to be resolved
  unsigned operandCount = 0, constantCount = 0;
};

bool Parser::fail(const std::string &sentence) {
  if (error.empty())
    error = "line " + std::to_string(statementLine) + ": " + sentence;
  return false;
}

/// What comes next up to ';', a brace (alone), or a label with its ':'. Directives of a line end with it.
bool Parser::nextStatement(std::string_view &statement) {
  auto advance = [&] { line += text[at++] == '\n'; };
  for (;;) {
    while (at != text.size() && isSpace(text[at]))
      advance();
    if (at == text.size())
      return false;
    bool comment = text.substr(at).starts_with("//") || (text[at] == '#');
    if (!comment)
      break;
    at = std::min(text.find('\n', at), text.size());
  }
  statementLine = line;
  size_t start = at;
  std::string_view rest = text.substr(at);
  if (rest[0] == '{' || rest[0] == '}')
    return statement = rest.substr(0, 1), ++at, true;
  bool wholeLine = false;
  for (const char *directive : {".version", ".target", ".address_size", ".file", ".loc", ".pragma"})
    wholeLine |= rest.starts_with(directive);
  bool entry = false;
  for (const char *directive : {".visible", ".weak", ".entry", ".func"})
    entry |= rest.starts_with(directive);
  while (at != text.size()) {
    char c = text[at];
    if (text.substr(at).starts_with("//") || (wholeLine && c == '\n') || (!wholeLine && c == ';') ||
        (entry && c == '{'))
      break;
    if (c == ':' && (at + 1 == text.size() || text[at + 1] != ':') && (at == 0 || text[at - 1] != ':') &&
        text.substr(start, at - start).find_first_of(" \t\n[") == std::string_view::npos) {
      ++at;
      return statement = text.substr(start, at - start), true;
    }
    advance();
  }
  statement = text.substr(start, at - start);
  if (at != text.size() && text[at] == ';')
    ++at;
  return true;
}

bool Parser::parse() {
  std::string_view statement;
  while (nextStatement(statement)) {
    if (statement.empty())
      continue;
    if (statement == "{") {
      if (!kernel)
        return fail("a body without a kernel");
      scopes.emplace_back();
    } else if (statement == "}") {
      if (scopes.empty())
        return fail("'}' without '{'");
      scopes.pop_back();
      if (scopes.empty() && !finishKernel())
        return false;
    } else if (statement.ends_with(":")) {
      if (!kernel || !labels.emplace(statement.substr(0, statement.size() - 1), kernel->code.size()).second)
        return fail("label '" + std::string(statement) +
                    "' is not alone of its name, or outside of a kernel");
    } else if (statement[0] == '.') {
      if (!parseDirective(statement))
        return false;
    } else if (!kernel || scopes.empty() || !parseInstruction(statement))
      return fail("'" + std::string(statement) + "' is outside of a kernel");
  }
  return kernel ? fail("the text ends in kernel '" + kernel->name + "'") : true;
}

bool Parser::parseDirective(std::string_view statement) {
  std::vector<std::string_view> tokens = split(statement);
  for (const char *ignored : {".version", ".target", ".file", ".loc", ".pragma"})
    if (tokens[0] == ignored)
      return true;
  if (tokens[0] == ".address_size")
    return tokens.size() == 2 && tokens[1] == "64" ? true : fail("expected addresses of 64 bits");
  if (tokens[0] == ".reg" && kernel)
    return parseRegisters(tokens);
  for (std::string_view token : tokens)
    if (token == ".entry")
      return parseEntry(statement);
  for (std::string_view token : tokens)
    if (token == ".shared")
      return parseShared(tokens);
  return fail("directive '" + std::string(tokens[0]) + "' is not known");
}

/// .extern .shared .align 16 .b8 name[]; without .extern and with a size it is the module's own.
bool Parser::parseShared(Tokens tokens) {
  uint64_t align = 1, bytes = 0;
  std::string name;
  bool dynamic = tokens[0] == ".extern";
  for (size_t i = 0; i != tokens.size(); ++i) {
    if (tokens[i] == ".align" && i + 1 != tokens.size())
      align = parseNumber(tokens[i + 1], 8).value_or(1), ++i;
    else if (tokens[i][0] == '[')
      bytes =
          (bytes == 0 ? 1 : bytes) * parseNumber(tokens[i].substr(1, tokens[i].size() - 2), 8).value_or(0);
    else if (tokens[i][0] != '.')
      name = tokens[i];
    else if (uint32_t width = widthOf(tokens[i]); width != ~0u)
      bytes = width;
  }
  if (name.empty() || align > kSharedBase || (align & (align - 1)) != 0)
    return fail("expected shared memory with a name and an alignment of up to " +
                std::to_string(kSharedBase));
  if (dynamic) {
    if (!dynamicShared.empty() && dynamicShared != name)
      return fail("a second dynamic shared memory");
    dynamicShared = name;
    sharedEnd = (sharedEnd + align - 1) / align * align;
    symbols[name] = kSharedBase + sharedEnd;
    return true;
  }
  if (!dynamicShared.empty())
    return fail("shared memory after the dynamic one");
  uint64_t start = (sharedEnd + align - 1) / align * align;
  symbols[name] = kSharedBase + start;
  sharedEnd = start + bytes;
  return true;
}

bool Parser::parseEntry(std::string_view header) {
  if (kernel)
    return fail("a kernel in a kernel");
  kernel = std::make_unique<Kernel>();
  constants.clear(), parameters.clear(), labels.clear(), branches.clear();
  kernel->registers.assign(256, 0); // row 0 takes what nobody wants
  std::vector<std::string_view> tokens = split(header);
  auto number = [&](size_t i) {
    return uint32_t(i < tokens.size() ? parseNumber(tokens[i], 8).value_or(0) : 0);
  };
  auto sizes = [&](size_t i) {
    return Dim3{number(i + 1), std::max(number(i + 2), 1u), std::max(number(i + 3), 1u)};
  };
  for (size_t i = 0; i != tokens.size(); ++i) {
    if (tokens[i] == ".entry" && i + 1 != tokens.size())
      kernel->name = tokens[++i];
    else if (tokens[i] == ".reqntid")
      kernel->requiredBlock = sizes(i);
    else if (tokens[i] == ".maxntid")
      kernel->maxThreads = uint64_t(sizes(i).x) * sizes(i).y * sizes(i).z;
    else if (tokens[i] == ".param") {
      std::string_view name;
      uint32_t bytes = 0;
      for (++i; i != tokens.size() && tokens[i] != ".param" && tokens[i] != ")"; ++i)
        if (tokens[i][0] == '[')
          return fail("parameters are numbers, not arrays");
        else if (uint32_t width = widthOf(tokens[i]); tokens[i][0] == '.' && width != ~0u)
          bytes = width;
        else if (tokens[i][0] != '.' && !isdigit(tokens[i][0]))
          name = tokens[i];
      --i;
      parameters.emplace(name, uint32_t(kernel->parameters.size() * 8));
      kernel->parameters.push_back(bytes);
    }
  }
  return kernel->name.empty() ? fail("a kernel without a name") : true;
}

//===- Rows -------------------------------------------------------------------------------------------===//

uint32_t Parser::allocate(uint32_t bytes) {
  std::vector<uint8_t> &registers = kernel->registers;
  uint32_t start =
      uint32_t((registers.size() + std::min(bytes, 64u) - 1) / std::min(bytes, 64u) * std::min(bytes, 64u));
  registers.resize(start + bytes);
  return start;
}

/// .reg .b32 %r<12>; or .reg .pred p, q;
bool Parser::parseRegisters(Tokens tokens) {
  uint32_t width = tokens.size() > 2 ? widthOf(tokens[1]) : ~0u;
  if (width == ~0u || width == 1)
    return fail("registers of a type that is not known");
  auto add = [&](std::string name) {
    scopes.back()[std::move(name)] = {allocate(width == 0 ? 4 : width * kLanes), width};
  };
  for (size_t i = 2; i != tokens.size(); ++i) {
    if (i + 3 < tokens.size() && tokens[i + 1] == "<") {
      uint64_t count = parseNumber(tokens[i + 2], 8).value_or(0);
      for (uint64_t k = 0; k != count; ++k)
        add(std::string(tokens[i]) + std::to_string(k));
      i += 3;
    } else
      add(std::string(tokens[i]));
  }
  return true;
}

std::optional<Register> Parser::findRegister(std::string_view name) {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if (auto found = scope->find(name); found != scope->end())
      return found->second;
  return std::nullopt;
}

uint32_t Parser::constantRow(uint64_t value, unsigned width) {
  auto [it, isNew] = constants.try_emplace({value, width}, 0);
  if (isNew) {
    it->second = allocate(width == 0 ? 4 : width * kLanes);
    uint8_t *row = &kernel->registers[it->second];
    for (unsigned lane = 0; lane != (width == 0 ? 1 : kLanes); ++lane)
      memcpy(row + lane * width, &value, width == 0 ? 4 : width);
  }
  return it->second;
}

std::optional<Register> Parser::specialRow(std::string_view name) {
  static constexpr const char *names[] = {"%tid.x",    "%tid.y",    "%tid.z",  "%ctaid.x", "%ctaid.y",
                                          "%ctaid.z",  "%ntid.x",   "%ntid.y", "%ntid.z",  "%nctaid.x",
                                          "%nctaid.y", "%nctaid.z", "%warpid"};
  static_assert(std::size(names) == kSpecials);
  for (unsigned i = 0; i != kSpecials; ++i)
    if (name == names[i]) {
      if (kernel->specials[i] == 0)
        kernel->specials[i] = allocate(4 * kLanes);
      return Register{kernel->specials[i], 4};
    }
  using Mask = uint32_t (*)(uint32_t);
  static const std::pair<const char *, Mask> masks[] = {
      {"%laneid", [](uint32_t l) { return l; }},
      {"%lanemask_eq", [](uint32_t l) { return 1u << l; }},
      {"%lanemask_lt", [](uint32_t l) { return (1u << l) - 1; }},
      {"%lanemask_le", [](uint32_t l) { return ((1u << l) - 1) | 1u << l; }},
      {"%lanemask_gt", [](uint32_t l) { return ~(((1u << l) - 1) | 1u << l); }},
      {"%lanemask_ge", [](uint32_t l) { return ~((1u << l) - 1); }}};
  for (auto [maskName, mask] : masks)
    if (name == maskName) {
      uint32_t row = allocate(4 * kLanes);
      for (uint32_t lane = 0; lane != kLanes; ++lane) {
        uint32_t value = mask(lane);
        memcpy(&kernel->registers[row + 4 * lane], &value, 4);
      }
      return Register{row, 4};
    }
  return std::nullopt;
}

//===- Instructions -----------------------------------------------------------------------------------===//

bool Parser::parseInstruction(std::string_view statement) {
  std::vector<std::string_view> tokens = split(statement);
  Tokens rest = tokens;
  if (rest.empty())
    return fail("a statement without an instruction");
  Instruction instruction;
  instruction.guard = constantRow(kAllLanes, 0);
  if (rest[0] == "@") {
    rest = rest.subspan(1);
    instruction.unless = !rest.empty() && rest[0] == "!";
    rest = rest.subspan(instruction.unless);
    std::optional<Register> guard = rest.empty() ? std::nullopt : findRegister(rest[0]);
    if (!guard || guard->width != 0)
      return fail("'" + std::string(statement) + "' is guarded by what is no predicate");
    instruction.guard = guard->row;
    rest = rest.subspan(1);
  }
  if (rest.empty())
    return fail("a guard without an instruction");
  std::string name = withoutHints(rest[0]), why;
  const std::vector<Entry> *entries = Table::get().find(name);
  if (!entries)
    return fail("instruction '" + std::string(rest[0]) + "' is not known to the tests' interpreter");
  for (const Entry &entry : *entries) {
    Instruction form = instruction;
    operandCount = constantCount = 0;
    if (!match(entry, rest.subspan(1), form, why))
      continue;
    form.run = entry.run, form.flow = entry.flow, form.code = entry.code;
    kernel->code.push_back(form);
    std::string shown;
    for (char c : statement)
      if (!isSpace(c) || (!shown.empty() && shown.back() != ' '))
        shown += isSpace(c) ? ' ' : c;
    kernel->sources.push_back({statementLine, shown});
    return true;
  }
  return fail("operands of '" + std::string(statement) + "' are not understood: " + why);
}

bool Parser::match(const Entry &entry, Tokens operands, Instruction &instruction, std::string &why) {
  std::vector<std::string_view> forms = split(entry.operands);
  if (forms.size() != operands.size())
    return why = "expected '" + entry.operands + "'", false;
  for (size_t i = 0; i != forms.size(); ++i) {
    bool isMark = strchr("{}|", forms[i][0]);
    if (isMark ? forms[i] != operands[i] : bool(strchr("{}|", operands[i][0])))
      return why = "expected '" + entry.operands + "'", false;
    if (!isMark && !matchOperand(forms[i], operands[i], instruction, why))
      return false;
  }
  return true;
}

bool Parser::matchOperand(std::string_view form, std::string_view operand, Instruction &instruction,
                          std::string &why) {
  std::string shown = "'" + std::string(operand) + "'";
  switch (form[0]) {
  case 'a':
    return matchAddress(operand, instruction, why);
  case 'm':
    return matchParameter(operand, instruction, why);
  case 'l':
    branches.push_back({uint32_t(kernel->code.size()), std::string(operand)});
    return true;
  case 'n': {
    std::optional<uint64_t> number = parseNumber(operand, 8);
    if (!number)
      return why = shown + " is not a constant", false;
    instruction.constants[constantCount++] = int64_t(*number);
    return true;
  }
  }
  bool predicate = form[0] == 'p' || form[0] == 'q', output = form[0] == 'o' || form[0] == 'p';
  unsigned width = predicate ? 0 : unsigned(form[1] - '0');
  std::optional<Register> row = findRegister(operand);
  if (!row && !output && !predicate)
    row = specialRow(operand);
  if (!row && output && operand == "_")
    row = Register{0, width};
  if (!row && !output) {
    unsigned constantWidth = !predicate && width == 0 ? 8 : width;
    std::optional<uint64_t> number = parseNumber(operand, width);
    if (auto symbol = symbols.find(operand); !number && symbol != symbols.end())
      number = symbol->second;
    if (number && predicate)
      number = *number != 0 ? kAllLanes : 0;
    if (number)
      row = Register{constantRow(*number, constantWidth), constantWidth};
  }
  if (!row)
    return why = shown + " is no register, constant or symbol that can be here", false;
  if (predicate != (row->width == 0) || (width != 0 && row->width != width))
    return why = shown + " has " + std::to_string(8 * row->width) + " bits, not " + std::to_string(8 * width),
           false;
  instruction.widths[operandCount] = uint8_t(row->width);
  instruction.rows[operandCount++] = row->row;
  return true;
}

/// [register], [register+12], [symbol+12], [12]
bool Parser::matchAddress(std::string_view operand, Instruction &instruction, std::string &why) {
  if (!operand.starts_with("[") || !operand.ends_with("]"))
    return why = "'" + std::string(operand) + "' is no address", false;
  std::string_view inner = operand.substr(1, operand.size() - 2);
  size_t plus = inner.find('+');
  std::string_view base = inner.substr(0, plus);
  std::optional<uint64_t> offset =
      plus == std::string_view::npos ? 0 : parseNumber(inner.substr(plus + 1), 8);
  std::optional<Register> row = findRegister(base);
  std::optional<uint64_t> number = parseNumber(base, 8);
  if (auto symbol = symbols.find(base); symbol != symbols.end())
    number = symbol->second;
  if (!row && number)
    row = Register{constantRow(*number, 8), 8};
  if (!row || !offset || row->width < 4)
    return why = "'" + std::string(operand) + "' is no address", false;
  instruction.widths[operandCount] = uint8_t(row->width);
  instruction.rows[operandCount++] = row->row;
  instruction.constants[constantCount++] = int64_t(*offset);
  return true;
}

bool Parser::matchParameter(std::string_view operand, Instruction &instruction, std::string &why) {
  std::string_view inner = operand.size() > 2 ? operand.substr(1, operand.size() - 2) : "";
  size_t plus = inner.find('+');
  std::optional<uint64_t> offset =
      plus == std::string_view::npos ? 0 : parseNumber(inner.substr(plus + 1), 8);
  auto found = parameters.find(inner.substr(0, plus));
  if (found == parameters.end() || !offset || *offset >= 8)
    return why = "'" + std::string(operand) + "' is no parameter", false;
  instruction.constants[constantCount++] = int64_t(found->second + *offset);
  return true;
}

bool Parser::finishKernel() {
  for (auto &[index, name] : branches) {
    auto found = labels.find(name);
    if (found == labels.end()) {
      statementLine = kernel->sources[index].line;
      return fail("there is no label '" + name + "'");
    }
    kernel->code[index].target = found->second;
  }
  Instruction last; // whoever runs past the end returns
  last.guard = constantRow(kAllLanes, 0);
  last.flow = Flow::Exit;
  kernel->code.push_back(last);
  kernel->sources.push_back({line, "}"});
  kernel->staticShared = sharedEnd;
  kernels.push_back(std::move(kernel));
  return true;
}

} // namespace

//===- Modules ----------------------------------------------------------------------------------------===//

Module::Module() = default;
Module::~Module() = default;

std::unique_ptr<Module> Module::parse(std::string_view text, std::string &error) {
  std::unique_ptr<Module> module(new Module);
  Parser parser(text, module->all);
  if (parser.parse())
    return module;
  error = parser.error;
  return nullptr;
}

const Kernel *Module::find(std::string_view name) const {
  for (const std::unique_ptr<Kernel> &kernel : all)
    if (kernel->name == name)
      return kernel.get();
  return nullptr;
}

std::vector<std::string> Module::kernels() const {
  std::vector<std::string> names;
  for (const std::unique_ptr<Kernel> &kernel : all)
    names.push_back(kernel->name);
  return names;
}
