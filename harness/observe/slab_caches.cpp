// SPDX-License-Identifier: MIT
// See slab_caches.hpp.
#include "harness/observe/slab_caches.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

// What no machine has: rows beyond are not believed.
constexpr std::int64_t objects_max = 100'000'000'000;
constexpr std::int64_t object_bytes_max = std::int64_t{1} << 22;

// ":A-0000128" -> 128.
std::optional<std::int64_t> bytes_in_link(const std::string& target) {
  const auto digits = target.find_first_of("0123456789");
  if (!target.starts_with(":") || digits == std::string::npos) return std::nullopt;
  const auto value = to_integer(std::string_view(target).substr(digits));
  if (!value || *value <= 0 || *value > object_bytes_max) return std::nullopt;
  return value;
}

std::map<std::string, std::string> read_links(const std::string& folder) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> links;
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    std::error_code no_link;
    const fs::path target = fs::read_symlink(each->path(), no_link);
    links[each->path().filename().string()] = no_link ? "" : target.filename().string();
  }
  return links;
}

}  // namespace

std::optional<slab_rows> parse_slabinfo(std::string_view text) {
  if (!text.starts_with("slabinfo - version: 2.")) return std::nullopt;
  slab_rows rows;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto fields = words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (fields.size() < 4) continue;
    const auto active = to_integer(fields[1]);
    const auto total = to_integer(fields[2]);
    const auto bytes = to_integer(fields[3]);
    if (!active || !total || !bytes) continue;
    if (*active < 0 || *active > *total || *total > objects_max) continue;
    if (*bytes <= 0 || *bytes > object_bytes_max) continue;
    rows[fields[0]] = {*active, *bytes};
  }
  return rows;
}

slab_caches::slab_caches(const std::string& root)
    : root_(root), links_(read_links(root + "/sys/kernel/slab")) {
  read_rows();
}

bool slab_caches::refresh(std::span<const char* const> caches) {
  for (const char* name : caches) {
    if (links_.contains(name)) write_text(root_ + "/sys/kernel/slab/" + name + "/shrink", "1");
  }
  read_rows();
  return cause_.empty();
}

void slab_caches::read_rows() {
  const auto info = read_text(root_ + "/proc/slabinfo");
  const auto rows = parse_slabinfo(info.text.value_or(""));
  if (!rows || rows->empty()) {
    cause_ = info.text ? root_ + "/proc/slabinfo is not of version 2" : info.cause;
    return;
  }
  rows_ = *rows;
}

std::optional<slab_row> slab_caches::row(const std::string& name) const {
  const auto own = rows_.find(name);
  if (own != rows_.end()) return own->second;
  const auto link = links_.find(name);
  if (link == links_.end() || link->second.empty()) return std::nullopt;
  for (const auto& [other, target] : links_) {
    const auto found = target == link->second ? rows_.find(other) : rows_.end();
    if (found != rows_.end()) return found->second;
  }
  return std::nullopt;
}

std::optional<double> slab_caches::object_bytes(const std::string& name) const {
  if (const auto found = row(name)) return static_cast<double>(found->bytes);
  const auto link = links_.find(name);
  if (link == links_.end()) return std::nullopt;
  auto bytes = bytes_in_link(link->second);
  if (!bytes) {
    const auto text = read_text(root_ + "/sys/kernel/slab/" + name + "/slab_size").text;
    bytes = to_integer(trimmed(text.value_or("")));
  }
  if (!bytes || *bytes <= 0 || *bytes > object_bytes_max) return std::nullopt;
  return static_cast<double>(*bytes);
}

}  // namespace tailrace::observe
