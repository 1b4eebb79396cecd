// SPDX-License-Identifier: MIT
// See target_environment.hpp.
#include "harness/session/target_environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace tailrace::session {
namespace {

// Whole names, or beginnings of names where they end in '_'.
constexpr std::string_view kept_from_targets[] = {
    // ld.so(8), mallopt(3)
    "LD_PRELOAD", "LD_AUDIT", "LD_BIND_NOW", "LD_BIND_NOT", "LD_PROFILE", "GLIBC_TUNABLES",
    "MALLOC_",
    // libuv, Go (runtime package), the crates, the JVM
    "UV_", "GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG", "TOKIO_", "SMOL_", "ASYNC_STD_",
    "BLOCKING_MAX_THREADS", "RUST_LOG", "RUST_MIN_STACK", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS", "CLASSPATH"};

bool is_kept(std::string_view name) {
  return std::ranges::any_of(kept_from_targets, [&](std::string_view each) {
    return each.ends_with('_') ? name.starts_with(each) : name == each;
  });
}

}  // namespace

std::vector<std::string> variables_kept_from_targets() {
  std::vector<std::string> names;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view text = *each;
    const std::string_view name = text.substr(0, text.find('='));
    if (is_kept(name)) names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

void forget_variables_kept_from_targets() {
  for (const std::string& name : variables_kept_from_targets())
    ::unsetenv(name.c_str());
}

}  // namespace tailrace::session
