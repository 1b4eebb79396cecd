// SPDX-License-Identifier: MIT
// Names from addresses: of this executable, and from ELF files made up here and then spoilt in
// every byte.
#include "runtimes/base/symbol_name.hpp"

#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <vector>

namespace tailrace {
namespace {

using image = std::vector<std::byte>;

template <class Part>
void append(image& file, const Part& part) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(&part);
  file.insert(file.end(), bytes, bytes + sizeof part);
}

Elf64_Shdr section(std::uint32_t type, std::uint64_t offset, std::uint64_t size,
                   std::uint32_t link) {
  Elf64_Shdr made{};
  made.sh_type = type;
  made.sh_offset = offset;
  made.sh_size = size;
  made.sh_link = link;
  return made;
}

Elf64_Sym symbol(std::uint32_t name, unsigned char type, std::uint64_t value, std::uint64_t size) {
  Elf64_Sym made{};
  made.st_name = name;
  made.st_info = ELF64_ST_INFO(STB_LOCAL, type);
  made.st_value = value;
  made.st_size = size;
  return made;
}

// Header, names, symbols, section headers.
image small_file() {
  const std::string names("\0one\0two\0data\0", 14);
  const std::vector<Elf64_Sym> symbols{symbol(0, STT_NOTYPE, 0, 0), symbol(9, STT_OBJECT, 100, 50),
                                       symbol(1, STT_FUNC, 100, 10), symbol(5, STT_FUNC, 110, 20)};
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_shentsize = sizeof(Elf64_Shdr);
  head.e_shnum = 3;
  const std::uint64_t names_at = sizeof head;
  const std::uint64_t symbols_at = names_at + names.size();
  const std::uint64_t symbols_bytes = symbols.size() * sizeof(Elf64_Sym);
  head.e_shoff = symbols_at + symbols_bytes;
  image file;
  append(file, head);
  for (const char each : names)
    append(file, each);
  for (const Elf64_Sym& each : symbols)
    append(file, each);
  append(file, section(SHT_NULL, 0, 0, 0));
  append(file, section(SHT_SYMTAB, symbols_at, symbols_bytes, 2));
  append(file, section(SHT_STRTAB, names_at, names.size(), 0));
  return file;
}

TEST(symbol_name, the_function_that_covers_the_address_is_found) {
  const image file = small_file();
  EXPECT_EQ(symbol_at(file, 99), "");
  EXPECT_EQ(symbol_at(file, 100), "one");
  EXPECT_EQ(symbol_at(file, 109), "one");
  EXPECT_EQ(symbol_at(file, 110), "two");
  EXPECT_EQ(symbol_at(file, 129), "two");
  EXPECT_EQ(symbol_at(file, 130), "");  // the object there is no function
}

TEST(symbol_name, a_file_cut_off_anywhere_has_no_name) {
  const image whole = small_file();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const image cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(symbol_at(cut, 105), "") << size;
  }
}

// What comes out is part of the file or nothing; the sanitizer presets see anything else.
TEST(symbol_name, a_file_spoilt_anywhere_is_survived) {
  const image whole = small_file();
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff})
      for (const std::size_t run : {std::size_t{1}, std::size_t{4}, std::size_t{8}}) {
        image spoilt = whole;
        for (std::size_t i = at; i < at + run && i < spoilt.size(); ++i)
          spoilt[i] = static_cast<std::byte>(value);
        EXPECT_LT(symbol_at(spoilt, 105).size(), whole.size());
      }
}

TEST(symbol_name, coroutines_are_named_as_their_source_does) {
  EXPECT_EQ(readable_name("_Z3foov"), "foo(...)");
  EXPECT_EQ(readable_name("_Z3fooi.resume"), "foo(...)");
  EXPECT_EQ(readable_name("_Z3fooPZ3fooiE13_Z3fooi.Frame.actor"), "foo(...)");
  // clang: a template's symbol tells its return type.
  EXPECT_EQ(readable_name("_ZN1a3fooIiEENS_4taskIvEET_.resume"), "a::foo<int>(...)");
  EXPECT_EQ(readable_name("_ZN12_GLOBAL__N_13fooEv"), "(anonymous namespace)::foo(...)");
  EXPECT_EQ(readable_name("main"), "main(...)");
  EXPECT_EQ(readable_name(""), "(...)");
}

[[gnu::noinline]] int local_function(int value) {
  return value + 1;
}

TEST(symbol_name, a_local_function_of_this_executable_is_known_by_name) {
  EXPECT_EQ(local_function(1), 2);
  EXPECT_EQ(name_of_code(reinterpret_cast<const void*>(&local_function)),
            "tailrace::(anonymous namespace)::local_function(...)");
}

TEST(symbol_name, other_code_is_module_and_offset) {
  const std::string name = name_of_code(reinterpret_cast<const void*>(&::getpid));
  EXPECT_NE(name.find("+0x"), std::string::npos) << name;
  EXPECT_EQ(name.find('/'), std::string::npos) << name;
  EXPECT_EQ(name_of_code(nullptr), "unknown code");
}

}  // namespace
}  // namespace tailrace
