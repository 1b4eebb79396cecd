// SPDX-License-Identifier: MIT
// See scratch_folder.hpp.
#include "harness/record/scratch_folder.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "harness/record/refusal.hpp"

namespace tailrace {

scratch_folder::scratch_folder(const std::string& purpose) {
  const char* const chosen = ::getenv("TMPDIR");
  const bool is_set = chosen != nullptr && *chosen != '\0';
  const std::string parent = is_set ? chosen : "/tmp";
  std::string name = fmt::format("{}/tailrace-{}-XXXXXX", parent, purpose);
  if (::mkdtemp(name.data()) == nullptr) {
    throw refusal(fmt::format("no temporary folder can be made in {}{}: {}", parent,
                              is_set ? ", which TMPDIR names" : "", std::strerror(errno)),
                  "set TMPDIR to a folder that you may write to, such as TMPDIR=/var/tmp");
  }
  path_ = name;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tailrace
