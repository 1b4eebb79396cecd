// SPDX-License-Identifier: MIT
// See capabilities.hpp.
#include "harness/observe/capabilities.hpp"

#include <charconv>
#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {
namespace {

// "CapEff:\t000001ffffffffff"; none where that is not told.
std::uint64_t effective_in(std::string_view status) {
  constexpr std::string_view name = "\nCapEff:";
  const auto at = status.find(name);
  if (at == std::string_view::npos) return 0;
  const std::string_view rest = status.substr(at + name.size());
  const std::string digits = trimmed(rest.substr(0, rest.find('\n')));
  std::uint64_t bits = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, bits, 16);
  return error == std::errc() && stop == end ? bits : 0;
}

}  // namespace

bool in_first_user_namespace(const std::string& root) {
  const auto map = read_text(root + "/proc/self/uid_map").text;
  if (!map) return true;  // a kernel without such namespaces
  return words(*map) == std::vector<std::string>{"0", "0", "4294967295"};
}

bool has_capability(capability which, const std::string& root) {
  const auto status = read_text(root + "/proc/self/status").text;
  if (!status || !in_first_user_namespace(root)) return false;
  return (effective_in(*status) >> static_cast<int>(which) & 1U) != 0;
}

}  // namespace tailrace::observe
