// SPDX-License-Identifier: MIT
// See kernel_types.hpp.
#include "harness/observe/kernel_types.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

namespace tailrace::observe {
namespace {

constexpr std::size_t file_bytes_max = std::size_t{64} << 20;
constexpr std::int64_t type_bytes_max = std::int64_t{1} << 22;
constexpr std::size_t name_bytes_max = 64;  // longer than any that is wanted
constexpr std::int64_t two_sizes = -1;

// <linux/btf.h> of old systems lacks the later kinds, so the format is written down here.
struct head {
  std::uint16_t magic;
  std::uint8_t version;
  std::uint8_t flags;
  std::uint32_t head_bytes;
  std::uint32_t types_at;  // from the end of the head
  std::uint32_t types_bytes;
  std::uint32_t names_at;
  std::uint32_t names_bytes;
};
static_assert(sizeof(head) == 24);
constexpr std::uint16_t right_magic = 0xEB9F;

struct record {
  std::uint32_t name_at;
  std::uint32_t info;  // bits 0-15: how many parts, 24-28: kind, 31: a flag of the kind
  std::uint32_t bytes;
};
static_assert(sizeof(record) == 12);
constexpr std::uint32_t unused_info = 0x60FF0000;
constexpr std::uint32_t kind_struct = 4;
constexpr std::uint32_t kind_union = 5;

// What follows the record of a kind.
struct tail {
  std::uint32_t fixed;
  std::uint32_t a_part;
};
constexpr tail tails[] = {
    {0, 0},   // 0: none
    {4, 0},   // INT
    {0, 0},   // PTR
    {12, 0},  // ARRAY
    {0, 12},  // STRUCT
    {0, 12},  // UNION
    {0, 8},   // ENUM
    {0, 0},   // FWD
    {0, 0},   // TYPEDEF
    {0, 0},   // VOLATILE
    {0, 0},   // CONST
    {0, 0},   // RESTRICT
    {0, 0},   // FUNC
    {0, 8},   // FUNC_PROTO
    {4, 0},   // VAR
    {0, 12},  // DATASEC
    {0, 0},   // FLOAT
    {4, 0},   // DECL_TAG
    {0, 0},   // TYPE_TAG
    {0, 12},  // ENUM64
};

using bytes_view = std::span<const std::byte>;

// What stands at the beginning; nullopt where there is less.
template <class Value>
std::optional<Value> front_of(bytes_view bytes) {
  Value value{};
  if (bytes.size() < sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// nullopt where the section reaches beyond the end.
std::optional<bytes_view> section(bytes_view after_head, std::uint32_t at, std::uint32_t bytes) {
  if (at > after_head.size() || bytes > after_head.size() - at) return std::nullopt;
  return after_head.subspan(at, bytes);
}

// Empty where the offset is none, or the name has no end nearby.
std::string_view name_at(bytes_view names, std::uint32_t at) {
  if (at >= names.size()) return {};
  const auto near = names.subspan(at, std::min(name_bytes_max, names.size() - at));
  const std::string_view text(reinterpret_cast<const char*>(near.data()), near.size());
  const auto end = text.find('\0');
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

void take(const record& type, bytes_view names, std::span<const char* const> wanted,
          type_sizes& into) {
  const std::string_view name = name_at(names, type.name_at);
  if (name.empty() || std::ranges::find(wanted, name) == wanted.end()) return;
  const std::int64_t bytes = type.bytes;
  const auto [known, added] = into.emplace(name, bytes);
  const bool sound = bytes > 0 && bytes <= type_bytes_max;
  if (!sound || (!added && known->second != bytes)) known->second = two_sizes;
}

types_read no_types(const char* cause) {
  return {{}, cause};
}

// At most the first file_bytes_max + 1 bytes; a cause where it cannot be read.
std::string read_bytes(const std::string& path, std::vector<std::byte>& into) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return path + ": " + std::strerror(errno);
  std::vector<std::byte> piece(65536);
  ssize_t count = 0;
  do {
    count = ::read(fd, piece.data(), piece.size());
    if (count > 0) into.insert(into.end(), piece.begin(), piece.begin() + count);
  } while ((count > 0 || (count < 0 && errno == EINTR)) && into.size() <= file_bytes_max);
  const std::string cause = count < 0 ? path + ": " + std::strerror(errno) : "";
  ::close(fd);
  return cause;
}

}  // namespace

types_read sizes_in_btf(bytes_view bytes, std::span<const char* const> wanted) {
  const auto top = front_of<head>(bytes);
  if (!top || top->magic != right_magic || top->version != 1)
    return no_types("it is no BTF of version 1");
  if (bytes.size() > file_bytes_max) return no_types("it is too large to be believed");
  if (top->head_bytes < sizeof *top || top->head_bytes > bytes.size())
    return no_types("its head is cut");
  const auto rest = bytes.subspan(top->head_bytes);
  auto types = section(rest, top->types_at, top->types_bytes);
  const auto names = section(rest, top->names_at, top->names_bytes);
  if (!types || !names) return no_types("a section of it reaches beyond its end");
  types_read found;
  while (!types->empty()) {
    const auto type = front_of<record>(*types);
    if (!type) return no_types("a type is cut");
    const std::uint32_t kind = (type->info >> 24) & 0x1F;
    if (kind == 0 || kind >= std::size(tails) || (type->info & unused_info) != 0)
      return no_types("it has types of a kind that is not known");
    if (kind == kind_struct || kind == kind_union) take(*type, *names, wanted, found.sizes);
    const std::size_t length =
        sizeof *type + tails[kind].fixed + std::size_t{type->info & 0xFFFF} * tails[kind].a_part;
    if (length > types->size()) return no_types("a type is cut");
    types = types->subspan(length);
  }
  std::erase_if(found.sizes, [](const auto& each) { return each.second == two_sizes; });
  return found;
}

kernel_types::kernel_types(std::span<const char* const> wanted, const std::string& root)
    : wanted_(wanted), path_(root + "/sys/kernel/btf/vmlinux") {}

const types_read& kernel_types::read() const {
  if (!found_) {
    std::vector<std::byte> bytes;
    const std::string cause = read_bytes(path_, bytes);
    found_ = cause.empty() ? sizes_in_btf(bytes, wanted_) : types_read{{}, cause};
    if (cause.empty() && !found_->cause.empty()) found_->cause = path_ + ": " + found_->cause;
  }
  return *found_;
}

std::optional<std::int64_t> kernel_types::bytes_of(const std::string& name) const {
  const auto& sizes = read().sizes;
  const auto found = sizes.find(name);
  if (found == sizes.end()) return std::nullopt;
  return found->second;
}

const std::string& kernel_types::cause() const {
  return read().cause;
}

}  // namespace tailrace::observe
