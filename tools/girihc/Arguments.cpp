// Parses girihc's command line by a table of flags. `--flag=value` and `--flag value` are the same.
#include "Arguments.h"

#include "lib/Support/Error.h"

using namespace girih;
using namespace girihc;
using llvm::StringRef;

llvm::StringRef girihc::helpText() {
  return R"(girihc: compiles a transformer model ahead of time

usage: girihc MODEL -o out.girih [options]

MODEL is a Hugging Face directory (config.json and .safetensors), a .gguf file, or a .mlir file in the girih dialect.

What to make
  -o FILE, --output=FILE   where the result goes; dumps go to standard output unless given
  --emit=KIND              artifact (default); object: a static object and its header; asm: the kernels'
                           assembly; or a stage's name: stop after it and print the module
  --from=STAGE             MODEL is a dump of STAGE, perhaps edited: go on from there
  --list-stages            print the stages in order

For which machine and sizes
  --target=TARGET          cpu (this machine, default), nvidia:h100, systolic:edge32 or another that --list-targets
                           prints, or the path of a facts file
  --list-targets           print the machines that ship with girih
  --max-seq-len=N          longest sequence (default: the model's own limit; of decoders at most 4096)
  --max-batch=N            largest batch (default: 64; 8 for decoders)

Numbers and weights
  --dtype=f32|bf16|int8    type the model computes in (default: f32); int8: linear layers, on systolic targets
  --calibrate=FILE         int8: one unit a tensor, from the ranges that girih calibrate wrote (default: each
                           row in units of its own)
  --contract=CONTRACT      exact, stable (default: same bits for any batch and thread count) or fast
  --weights=packed         in the artifact, as the kernels read them (default)
  --weights=external       leave those in the model's files that kernels read as they are
  --weights=random:SEED    store none; the runtime fills them (benchmarks and tests)

Messages
  -v, --verbose            print what was decided and why
  -q, --quiet              print errors only
  --reproducer=FILE        should a stage fail, leave a file that girih-opt --run-reproducer runs
  -h, --help               print this
  --version                print the version

Exit status: 0 success, 1 compile or verify error, 2 usage, 3 bad input, 4 resource (disk, permission,
interrupted), 5 internal error.

Examples
  girihc path/to/all-MiniLM-L6-v2 -o minilm.girih
  girihc path/to/model --emit=fuse | less
  girihc path/to/model --emit=tile -o tile.mlir; girihc tile.mlir --from=tile -o model.girih
)";
}

namespace {

class Parser {
public:
  explicit Parser(llvm::ArrayRef<const char *> words) : words(words) {}

  llvm::Expected<Arguments> run();

private:
  llvm::Error word(StringRef text);
  llvm::Error flag(StringRef name, std::optional<StringRef> value);
  llvm::Error positional(StringRef text);

  llvm::ArrayRef<const char *> words;
  size_t next = 0;
  Arguments arguments;
};

} // namespace

static llvm::Error usage(const llvm::Twine &message) {
  return makeError(ExitStatus::Usage, "bad-option", "{0}; girihc --help shows what there is", message.str());
}

llvm::Error Parser::positional(StringRef text) {
  if (!arguments.options.model.empty())
    return usage("expected one MODEL but found '" + arguments.options.model + "' and '" + text + "'");
  arguments.options.model = text.str();
  return llvm::Error::success();
}

static bool *switchNamed(Arguments &arguments, StringRef name) {
  return llvm::StringSwitch<bool *>(name)
      .Cases({"-h", "--help"}, &arguments.help)
      .Case("--version", &arguments.version)
      .Case("--list-stages", &arguments.listStages)
      .Case("--list-targets", &arguments.listTargets)
      .Cases({"-v", "--verbose"}, &arguments.verbose)
      .Cases({"-q", "--quiet"}, &arguments.quiet)
      .Default(nullptr);
}

static std::string *textNamed(CompileOptions &options, StringRef name) {
  return llvm::StringSwitch<std::string *>(name)
      .Cases({"-o", "--output"}, &options.output)
      .Case("--emit", &options.emit)
      .Case("--from", &options.from)
      .Case("--target", &options.target)
      .Case("--dtype", &options.dtype)
      .Case("--calibrate", &options.calibration)
      .Case("--contract", &options.contract)
      .Case("--weights", &options.weights)
      .Case("--reproducer", &options.reproducer)
      .Default(nullptr);
}

static int64_t *numberNamed(CompileOptions &options, StringRef name) {
  return llvm::StringSwitch<int64_t *>(name)
      .Case("--max-seq-len", &options.maxSequence)
      .Case("--max-batch", &options.maxBatch)
      .Default(nullptr);
}

llvm::Error Parser::flag(StringRef name, std::optional<StringRef> value) {
  if (bool *on = switchNamed(arguments, name)) {
    *on = true;
    return value ? usage("expected no value for " + name + " but found '" + *value + "'")
                 : llvm::Error::success();
  }
  std::string *text = textNamed(arguments.options, name);
  int64_t *number = numberNamed(arguments.options, name);
  if (!text && !number)
    return usage("expected a known option but found '" + name + "'");
  if (!value && next == words.size())
    return usage("expected a value after " + name);
  if (!value)
    value = words[next++];
  if (text) {
    *text = value->str();
    return value->empty() ? usage("expected a value for " + name + " but found ''") : llvm::Error::success();
  }
  if (value->getAsInteger(10, *number) || *number < 1)
    return usage("expected a positive number for " + name + " but found '" + *value + "'");
  return llvm::Error::success();
}

llvm::Error Parser::word(StringRef text) {
  if (text.size() < 2 || text[0] != '-')
    return positional(text);
  size_t equals = text.find('=');
  if (equals == StringRef::npos)
    return flag(text, std::nullopt);
  return flag(text.take_front(equals), text.drop_front(equals + 1));
}

llvm::Expected<Arguments> Parser::run() {
  while (next < words.size())
    if (llvm::Error error = word(words[next++]))
      return std::move(error);
  bool asksOnly = arguments.help || arguments.version || arguments.listStages || arguments.listTargets;
  if (asksOnly)
    return std::move(arguments);
  CompileOptions &options = arguments.options;
  if (options.model.empty())
    return usage("expected a MODEL: a Hugging Face directory, a .gguf file or a .mlir file");
  bool prints = options.emit != "artifact" && options.emit != "object";
  if (options.output.empty() && !prints)
    return usage("expected -o FILE: where the " + options.emit + " goes");
  if (options.output.empty())
    options.output = "-";
  return std::move(arguments);
}

llvm::Expected<Arguments> girihc::parseArguments(llvm::ArrayRef<const char *> words) {
  return Parser(words).run();
}
