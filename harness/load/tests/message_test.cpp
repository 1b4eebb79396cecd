// SPDX-License-Identifier: MIT
// The payload: any cut of a message verifies, and any changed byte is seen.
#include "harness/load/message.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tailrace::load {
namespace {

std::string message(const message_format& format, std::uint64_t connection,
                    std::uint64_t sequence) {
  std::string bytes(format.request_bytes(), '\0');
  format.write_request(bytes.data(), connection, sequence, 0, bytes.size());
  return bytes;
}

TEST(message, any_cut_is_written_and_verified_alike) {
  for (const std::size_t size : {1U, 7U, 8U, 16U, 23U, 24U, 25U, 64U, 300U}) {
    const auto format = message_format::echo(size, 5);
    const auto whole = message(format, 3, 9);
    for (std::size_t from = 0; from < size; ++from) {
      for (std::size_t to = from + 1; to <= size; ++to) {
        std::string part(to - from, '\0');
        format.write_request(part.data(), 3, 9, from, to - from);
        ASSERT_EQ(part, whole.substr(from, to - from));
        ASSERT_TRUE(format.matches(part.data(), 3, 9, from, to - from));
      }
    }
  }
}

TEST(message, every_changed_byte_is_seen) {
  for (const std::size_t size : {1U, 23U, 24U, 64U, 4096U}) {
    const auto format = message_format::echo(size, 5);
    const auto whole = message(format, 3, 9);
    for (std::size_t i = 0; i < size; ++i) {
      auto changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      ASSERT_FALSE(format.matches(changed.data(), 3, 9, 0, size)) << size << " " << i;
    }
  }
}

TEST(message, other_connections_and_sequences_differ) {
  for (const std::size_t size : {8U, 24U, 64U}) {
    const auto format = message_format::echo(size, 5);
    std::set<std::string> seen;
    for (std::uint64_t connection = 0; connection < 30; ++connection)
      for (std::uint64_t sequence = 0; sequence < 30; ++sequence)
        seen.insert(message(format, connection, sequence));
    EXPECT_EQ(seen.size(), 900U);
  }
}

TEST(message, a_server_that_repeats_one_byte_messages_is_caught) {
  const auto format = message_format::echo(1, 5);
  int same = 0;
  for (std::uint64_t i = 0; i < 1000; ++i)
    same += message(format, 0, i) == message(format, 0, i + 1) ? 1 : 0;
  EXPECT_LT(same, 20);
}

}  // namespace
}  // namespace tailrace::load
