// SPDX-License-Identifier: MIT
// See profile_files.hpp.
#include "harness/campaign/profile_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/campaign/profile.hpp"
#include "harness/record/durable_file.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t profile_bytes_max = std::size_t{1} << 20;

}  // namespace

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(TAILRACE_PROFILE_FOLDER, error)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

profile_text read_profile(const std::string& name_or_path) {
  const bool is_path =
      name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".toml");
  const fs::path path = is_path ? fs::path(name_or_path)
                                : fs::path(TAILRACE_PROFILE_FOLDER) / (name_or_path + ".toml");
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    if (is_path) throw usage_refusal(fmt::format("there is no profile file {}", name_or_path));
    throw usage_refusal(
        fmt::format("unknown profile \"{}\"; the profiles are {}, or give the path of a TOML file",
                    name_or_path, fmt::join(profile_names(), ", ")));
  }
  return {record::read_whole(path, profile_bytes_max), path.string()};
}

}  // namespace tailrace::campaign
