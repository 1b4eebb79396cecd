// SPDX-License-Identifier: MIT
// Where profiles are, and their text. Any thread.
#pragma once

#include <filesystem>
#include <string>

namespace tailrace::campaign {

struct profile_text {
  std::string toml;
  std::string path;
};

// Of a name of the profiles beside the source tree, or of a path to a file. Refuses one that is not
// there.
profile_text read_profile(const std::string& name_or_path);

}  // namespace tailrace::campaign
