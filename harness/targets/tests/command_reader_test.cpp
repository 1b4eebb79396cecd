// SPDX-License-Identifier: MIT
#include "harness/targets/command_reader.hpp"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(command_reader, gives_lines_however_they_were_split) {
  command_reader reader;
  reader.feed("sam");
  EXPECT_FALSE(reader.next());
  reader.feed("ple\nstop\r\nst");
  EXPECT_EQ(reader.next(), "sample");
  EXPECT_EQ(reader.next(), "stop");
  EXPECT_FALSE(reader.next());
  reader.feed("art\n");
  EXPECT_EQ(reader.next(), "start");
}

TEST(command_reader, cuts_an_overlong_line_and_recovers_after_it) {
  command_reader reader;
  for (int i = 0; i < 100; ++i) {
    reader.feed(std::string(100, 'x'));
    if (i == 2) {
      EXPECT_EQ(reader.next(), std::string(command_reader::line_bytes_max, 'x'));
    }
    EXPECT_FALSE(reader.next());
  }
  reader.feed("\nstop\n");
  EXPECT_EQ(reader.next(), "stop");
  EXPECT_FALSE(reader.next());
}

TEST(command_reader, takes_a_line_of_exactly_the_limit) {
  command_reader reader;
  const std::string line(command_reader::line_bytes_max, 'y');
  reader.feed(line);
  EXPECT_FALSE(reader.next());
  reader.feed("\n");
  EXPECT_EQ(reader.next(), line);
}

}  // namespace
}  // namespace tailrace
