// The smallest ELF object that a linker takes: one section of data, one global symbol, and the tables that
// name them.
#include "lib/Artifact/ObjectFile.h"

#include "girih-runtime/Format.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace girih::artifact;
using namespace llvm::ELF;

namespace {

enum Section : unsigned { Null, Data, Symbols, Strings, SectionNames, StackNote, SectionCount };

/// NUL-terminated strings, found by offset.
struct StringTable {
  std::string bytes = std::string(1, '\0');
  uint32_t add(llvm::StringRef text) {
    uint32_t offset = bytes.size();
    bytes += text.str();
    bytes.push_back('\0');
    return offset;
  }
};

class Frame {
public:
  Frame(llvm::StringRef symbol, uint64_t bytes) : symbol(symbol), bytes(bytes) {}

  ObjectFrame build();

private:
  template <typename T> static void append(std::string &to, const T &record) {
    to.append(reinterpret_cast<const char *>(&record), sizeof(record));
  }
  /// Places `content` in the file after what is there and describes it.
  void place(Section section, uint32_t type, llvm::StringRef name, llvm::StringRef content);
  std::string symbolTable(uint32_t name) const;
  std::string header() const;

  llvm::StringRef symbol;
  uint64_t bytes;
  std::string after;
  StringTable names;
  Elf64_Shdr sections[SectionCount] = {};
};

} // namespace

void Frame::place(Section section, uint32_t type, llvm::StringRef name, llvm::StringRef content) {
  after.resize(llvm::alignTo(after.size(), 8));
  sections[section].sh_name = names.add(name);
  sections[section].sh_type = type;
  sections[section].sh_offset = GIRIH_PAGE_BYTES + bytes + after.size();
  sections[section].sh_size = content.size();
  sections[section].sh_addralign = 8;
  after += content.str();
}

std::string Frame::symbolTable(uint32_t name) const {
  std::string table;
  append(table, Elf64_Sym{});
  Elf64_Sym entry = {};
  entry.st_name = name;
  entry.setBindingAndType(STB_GLOBAL, STT_OBJECT);
  entry.st_shndx = Data;
  entry.st_size = bytes;
  append(table, entry);
  return table;
}

std::string Frame::header() const {
  Elf64_Ehdr header = {};
  memcpy(header.e_ident, ElfMagic, 4);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = SectionCount;
  header.e_shstrndx = SectionNames;
  header.e_shoff = GIRIH_PAGE_BYTES + bytes + llvm::alignTo(after.size(), 8);
  std::string text;
  append(text, header);
  text.resize(GIRIH_PAGE_BYTES);
  return text;
}

ObjectFrame Frame::build() {
  StringTable strings;
  uint32_t name = strings.add(symbol);
  sections[Data] = {names.add(".rodata.girih"),
                    SHT_PROGBITS,
                    SHF_ALLOC,
                    0,
                    GIRIH_PAGE_BYTES,
                    bytes,
                    0,
                    0,
                    GIRIH_PAGE_BYTES,
                    0};
  place(Symbols, SHT_SYMTAB, ".symtab", symbolTable(name));
  sections[Symbols].sh_link = Strings;
  sections[Symbols].sh_info = 1; // the first global symbol
  sections[Symbols].sh_entsize = sizeof(Elf64_Sym);
  place(Strings, SHT_STRTAB, ".strtab", strings.bytes);
  // Without this note a linker would make the program's stack executable.
  place(StackNote, SHT_PROGBITS, ".note.GNU-stack", "");
  uint32_t self = names.bytes.size();
  StringTable all = names;
  all.add(".shstrtab");
  place(SectionNames, SHT_STRTAB, ".shstrtab", all.bytes);
  sections[SectionNames].sh_name = self;
  ObjectFrame frame{header(), after};
  frame.after.resize(llvm::alignTo(after.size(), 8));
  for (const Elf64_Shdr &section : sections)
    append(frame.after, section);
  return frame;
}

ObjectFrame girih::artifact::frameObject(llvm::StringRef symbol, uint64_t bytes) {
  return Frame(symbol, bytes).build();
}
