// SPDX-License-Identifier: MIT
// A folder for files that nobody keeps, below $TMPDIR or else /tmp; it goes away with the object.
// Any thread; a system call or two.
#pragma once

#include <filesystem>
#include <string>

namespace tailrace {

class scratch_folder {
 public:
  // purpose: a word of its name, "cost". Throws a refusal where none can be made there.
  explicit scratch_folder(const std::string& purpose);
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tailrace
