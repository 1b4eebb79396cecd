// SPDX-License-Identifier: MIT
// Size of the executable: of the file, and of the segments that hold its instructions. See
// passes.hpp.
#include <elf.h>
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "harness/cost/passes.hpp"

namespace tailrace::cost {
namespace {

// nullopt: not an ELF file of this machine's word size.
std::optional<std::uint64_t> text_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr head{};
  std::array<char, sizeof head> bytes{};
  if (!file.read(bytes.data(), bytes.size())) return std::nullopt;
  std::memcpy(&head, bytes.data(), sizeof head);
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (head.e_ident[EI_CLASS] != ELFCLASS64) return std::nullopt;
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr segment{};
    std::array<char, sizeof segment> raw{};
    file.seekg(static_cast<std::streamoff>(head.e_phoff + i * std::uint64_t{head.e_phentsize}));
    if (!file.read(raw.data(), raw.size())) return std::nullopt;
    std::memcpy(&segment, raw.data(), sizeof segment);
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) sum += segment.p_filesz;
  }
  return sum;
}

}  // namespace

void measure_executable(const measured_target& target, int repeat, cost_sheet& sheet) {
  const std::string& path = target.options.target;
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) {
    sheet.add_absent("executable_bytes", error.message());
  } else {
    sheet.add(repeat, {"executable_bytes", "bytes", metric_kind::exact, {}, 1},
              static_cast<double>(size));
  }
  const auto text = text_bytes(path);
  if (!text) {
    sheet.add_absent("text_bytes", "the executable is no ELF file of 64 bits");
    return;
  }
  sheet.add(repeat, {"text_bytes", "bytes", metric_kind::exact, {}, 1}, static_cast<double>(*text));
}

}  // namespace tailrace::cost
