// SPDX-License-Identifier: MIT
// A temporary folder, and each way in which TMPDIR can name no place for one.
#include "harness/record/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "harness/record/refusal.hpp"

namespace tailrace {
namespace {

namespace fs = std::filesystem;

// TMPDIR has that value until this goes away.
class chosen {
 public:
  explicit chosen(const std::string& value) {
    if (const char* const now = ::getenv("TMPDIR")) before_ = now;
    ::setenv("TMPDIR", value.c_str(), 1);
  }
  ~chosen() { before_ ? ::setenv("TMPDIR", before_->c_str(), 1) : ::unsetenv("TMPDIR"); }
  chosen(const chosen&) = delete;
  chosen& operator=(const chosen&) = delete;

 private:
  std::optional<std::string> before_;
};

std::string refused_in(const std::string& folder) {
  const chosen it(folder);
  try {
    const scratch_folder made("test");
  } catch (const refusal& error) {
    return error.sentence();
  }
  return "";
}

TEST(scratch_folder, lies_below_tmpdir_and_goes_away_with_what_is_in_it) {
  const scratch_folder outer("outer");
  const chosen it(outer.path().string());
  fs::path inside;
  {
    const scratch_folder inner("inner");
    inside = inner.path();
    EXPECT_EQ(inside.parent_path(), outer.path());
    std::ofstream(inside / "file") << "x";
  }
  EXPECT_FALSE(fs::exists(inside));
}

TEST(scratch_folder, an_empty_tmpdir_is_none) {
  const chosen it("");
  EXPECT_EQ(scratch_folder("test").path().parent_path(), "/tmp");
}

TEST(scratch_folder, a_tmpdir_that_is_none_is_a_sentence_with_a_remedy) {
  const scratch_folder room("test");
  const std::string missing = (room.path() / "missing").string();
  const std::string file = (room.path() / "file").string();
  std::ofstream(file) << "x";
  EXPECT_EQ(refused_in(missing), "no temporary folder can be made in " + missing +
                                     ", which TMPDIR names: No such file or directory; set TMPDIR "
                                     "to a folder that you may write to, such as TMPDIR=/var/tmp");
  EXPECT_NE(refused_in(file).find("Not a directory; set TMPDIR"), std::string::npos);
  // Nobody may make a folder there, root neither.
  const std::string refused = refused_in("/sys");
  EXPECT_NE(refused.find("in /sys, which TMPDIR names: "), std::string::npos) << refused;
  EXPECT_NE(refused.find("; set TMPDIR"), std::string::npos) << refused;
}

}  // namespace
}  // namespace tailrace
