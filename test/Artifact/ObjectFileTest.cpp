// Proves that an object file's frame keeps the artifact on a page and says where it is, for sizes that are
// and are not multiples of the alignment.
#include "lib/Artifact/ObjectFile.h"

#include "llvm/Object/ObjectFile.h"

#include <gtest/gtest.h>

using namespace girih::artifact;

namespace {

TEST(ObjectFile, LinkersReadIt) {
  for (uint64_t bytes : {1u, 4096u, 12345u}) {
    ObjectFrame frame = frameObject("girih_model_artifact", bytes);
    std::string file = frame.before + std::string(bytes, 'x') + frame.after;
    auto object = llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(file, "model.o"));
    ASSERT_TRUE(static_cast<bool>(object));
    unsigned symbols = 0;
    for (const llvm::object::SymbolRef &symbol : (*object)->symbols()) {
      EXPECT_EQ(cantFail(symbol.getName()), "girih_model_artifact");
      llvm::object::SectionRef section = *cantFail(symbol.getSection());
      EXPECT_EQ(cantFail(section.getName()), ".rodata.girih");
      EXPECT_EQ(section.getSize(), bytes);
      EXPECT_EQ(section.getAlignment().value(), 4096u);
      EXPECT_EQ(cantFail(section.getContents()), std::string(bytes, 'x'));
      ++symbols;
    }
    EXPECT_EQ(symbols, 1u);
  }
}

} // namespace
