// SPDX-License-Identifier: MIT
// See symbol_name.hpp.
#include "runtimes/base/symbol_name.hpp"

#include <cxxabi.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "runtimes/base/sys.hpp"

namespace tailrace {
namespace {

// A structure of the file, copied because nothing says that it is aligned.
template <class Part>
std::optional<Part> part_at(std::span<const std::byte> file, std::uint64_t offset) noexcept {
  if (offset > file.size() || file.size() - offset < sizeof(Part)) return std::nullopt;
  Part part;
  std::memcpy(&part, file.data() + offset, sizeof part);
  return part;
}

std::span<const std::byte> bytes_of(std::span<const std::byte> file,
                                    const Elf64_Shdr& section) noexcept {
  if (section.sh_offset > file.size()) return {};
  if (section.sh_size > file.size() - section.sh_offset) return {};
  return file.subspan(section.sh_offset, section.sh_size);
}

struct symbol_table {
  std::span<const std::byte> symbols;
  std::span<const std::byte> names;
};

std::optional<symbol_table> find_table(std::span<const std::byte> file) noexcept {
  const auto head = part_at<Elf64_Ehdr>(file, 0);
  if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (head->e_ident[EI_CLASS] != ELFCLASS64) return std::nullopt;
  if (head->e_shentsize != sizeof(Elf64_Shdr)) return std::nullopt;
  const auto section = [&](std::uint32_t index) -> std::optional<Elf64_Shdr> {
    if (index >= head->e_shnum || head->e_shoff > file.size()) return std::nullopt;
    return part_at<Elf64_Shdr>(file, head->e_shoff + std::uint64_t{index} * sizeof(Elf64_Shdr));
  };
  for (std::uint32_t i = 0; i < head->e_shnum; ++i) {
    const auto found = section(i);
    if (!found || found->sh_type != SHT_SYMTAB) continue;
    const auto names = section(found->sh_link);
    if (!names) return std::nullopt;
    return symbol_table{bytes_of(file, *found), bytes_of(file, *names)};
  }
  return std::nullopt;
}

std::string_view text_at(std::span<const std::byte> names, std::uint64_t offset) noexcept {
  if (offset >= names.size()) return {};
  const auto* const first = reinterpret_cast<const char*>(names.data()) + offset;
  const auto* const end = std::memchr(first, 0, names.size() - offset);
  if (end == nullptr) return {};
  return {first, static_cast<std::size_t>(static_cast<const char*>(end) - first)};
}

void cut_from(std::string& text, std::string_view mark) {
  if (const std::size_t at = text.rfind(mark); at != std::string::npos) text.resize(at);
}

// A parameter list at the end, without its parentheses, is taken off and returned.
std::string take_parameters(std::string& name) {
  if (name.ends_with(" const")) name.resize(name.size() - 6);
  if (!name.ends_with(')')) return {};
  std::size_t at = name.size();
  int depth = 0;
  do {
    --at;
    depth += name[at] == ')' ? 1 : name[at] == '(' ? -1 : 0;
  } while (depth > 0 && at > 0);
  std::string parameters = name.substr(at + 1, name.size() - at - 2);
  name.resize(at);
  return parameters;
}

// What stands before the last blank that is in no bracket.
void drop_return_type(std::string& name) {
  int depth = 0;
  for (std::size_t i = name.size(); i-- > 0;) {
    const char each = name[i];
    depth += each == ')' || each == '>' || each == '}' ? 1 : 0;
    depth -= each == '(' || each == '<' || each == '{' ? 1 : 0;
    if (each != ' ' || depth != 0) continue;
    name.erase(0, i + 1);
    return;
  }
}

struct module {
  const void* address;
  std::uint64_t offset = 0;  // of the address, as the module's file counts
  std::string name = {};     // empty: the executable
  bool found = false;
};

int look_for_module(dl_phdr_info* info, std::size_t, void* data) {
  auto& wanted = *static_cast<module*>(data);
  const auto address = reinterpret_cast<std::uintptr_t>(wanted.address);
  for (const ElfW(Phdr) & each : std::span(info->dlpi_phdr, info->dlpi_phnum)) {
    if (each.p_type != PT_LOAD) continue;
    const std::uintptr_t begin = info->dlpi_addr + each.p_vaddr;
    if (address < begin || address - begin >= each.p_memsz) continue;
    wanted.offset = address - info->dlpi_addr;
    wanted.name = info->dlpi_name;
    wanted.found = true;
    return 1;
  }
  return 0;
}

std::string symbol_of_executable(std::uint64_t offset) {
  const sys::descriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || status.st_size <= 0) return {};
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapped == MAP_FAILED) return {};
  std::string symbol(symbol_at({static_cast<const std::byte*>(mapped), size}, offset));
  ::munmap(mapped, size);
  return symbol;
}

std::string executable_path() {
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : "executable";
}

}  // namespace

std::string_view symbol_at(std::span<const std::byte> file, std::uint64_t address) noexcept {
  const auto table = find_table(file);
  if (!table) return {};
  for (std::size_t at = 0; const auto symbol = part_at<Elf64_Sym>(table->symbols, at);
       at += sizeof(Elf64_Sym)) {
    if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || address < symbol->st_value) continue;
    if (address - symbol->st_value < symbol->st_size) return text_at(table->names, symbol->st_name);
  }
  return {};
}

std::string readable_name(std::string_view symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> demangled(
      abi::__cxa_demangle(std::string(symbol).c_str(), nullptr, nullptr, &status), &std::free);
  std::string name(demangled ? std::string_view(demangled.get()) : symbol);
  cut_from(name, " [clone ");
  std::string parameters = take_parameters(name);
  // gcc: name(name<types>(parameters)::_Zmangled.Frame*), of which the inner one says more.
  if (parameters.ends_with("Frame*")) {
    cut_from(parameters, "::_Z");
    name = std::move(parameters);
    take_parameters(name);
  }
  drop_return_type(name);
  return name + "(...)";
}

std::string name_of_code(const void* address) {
  module where{.address = address};
  ::dl_iterate_phdr(&look_for_module, &where);
  if (!where.found) return "unknown code";
  if (where.name.empty()) {
    if (const std::string symbol = symbol_of_executable(where.offset); !symbol.empty())
      return readable_name(symbol);
    where.name = executable_path();
  }
  std::array<char, 32> offset{};
  std::snprintf(offset.data(), offset.size(), "+0x%llx",
                static_cast<unsigned long long>(where.offset));
  return where.name.substr(where.name.rfind('/') + 1) + offset.data();
}

}  // namespace tailrace
