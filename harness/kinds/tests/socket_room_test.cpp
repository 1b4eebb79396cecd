// SPDX-License-Identifier: MIT
// The room for full sockets by made-up files.
#include "harness/kinds/socket_room.hpp"

#include <gtest/gtest.h>

#include "harness/record/refusal.hpp"

namespace tailrace::kinds {
namespace {

const observe::machine_limit no_group;

TEST(socket_room, is_the_least_of_tcp_and_memory) {
  const socket_room by_tcp =
      room_for_sockets("1000\t2000\t3000", "MemAvailable: 999999 kB\n", no_group, 4096);
  EXPECT_EQ(by_tcp.bytes, 500 * 4096);
  EXPECT_EQ(by_tcp.limit, "half of net.ipv4.tcp_mem");
  const socket_room by_memory =
      room_for_sockets("1000 2000 3000", "MemAvailable: 4000 kB\n", no_group, 4096);
  EXPECT_EQ(by_memory.bytes, 1000 * 1024);
  EXPECT_EQ(by_memory.limit, "a quarter of the memory available");
  const observe::machine_limit group{2'000'000, "/x/memory.max", ""};
  const socket_room by_group =
      room_for_sockets("1000 2000 3000", "MemAvailable: 4000 kB\n", group, 4096);
  EXPECT_EQ(by_group.bytes, 500'000);
  EXPECT_EQ(by_group.limit, "a quarter of what /x/memory.max leaves");
  EXPECT_NE(by_group.remedy.find("memory limit"), std::string::npos);
}

TEST(socket_room, is_none_where_nothing_is_known) {
  for (const char* text : {"", "-", "99999999999999999999", "-5 1 1"}) {
    EXPECT_EQ(room_for_sockets(text, "MemTotal: 5 kB\n", no_group, 4096).bytes, 0) << text;
    EXPECT_EQ(room_for_sockets(text, "MemAvailable: 4 kB\n", no_group, 4096).bytes, 1024) << text;
  }
  EXPECT_EQ(room_for_sockets("9223372036854775807", "", no_group, 4096).bytes, 0);
}

TEST(socket_room, makes_counts_smaller_and_says_so) {
  const std::vector<std::int64_t> counts = {0, 100, 200};
  std::string cause;
  EXPECT_EQ(within_room(counts, 10 << 20, {2000 << 20, "so much", ""}, cause), counts);
  EXPECT_EQ(cause, "");
  EXPECT_EQ(within_room(counts, 10 << 20, {500 << 20, "so much", ""}, cause),
            (std::vector<std::int64_t>{0, 25, 50}));
  EXPECT_EQ(cause, "so much, 500 MiB, is room for 50 connections with full sockets");
  EXPECT_THROW(within_room(counts, 10 << 20, {150 << 20, "so much", ""}, cause), refusal);
}

// The limit is the machine's: what there is, no more.
TEST(send_buffer, is_what_was_asked_for_up_to_the_limit) {
  EXPECT_EQ(send_buffer_granted(8192), 8192);
  const std::int64_t most = send_buffer_granted(1 << 30);
  EXPECT_LT(most, 1 << 30);
  EXPECT_EQ(send_buffer_granted(most), most);
}

TEST(send_buffer, of_a_low_limit_is_refused_with_its_name) {
  EXPECT_NO_THROW(require_send_buffer(196'608, 196'608));
  EXPECT_NO_THROW(require_send_buffer(262'144, 212'992));
  EXPECT_NO_THROW(require_send_buffer(8192, 8192));
  try {
    require_send_buffer(196'608, 65'536);
    FAIL() << "not refused";
  } catch (const refusal& refused) {
    EXPECT_EQ(refused.exit_code(), refusal::unsupported);
    EXPECT_EQ(refused.cause(),
              "net.core.wmem_max gives a socket of the client 65536 bytes, too few for a request "
              "of 196608 that the target does not read yet");
    EXPECT_EQ(refused.remedy(),
              "sysctl -w net.core.wmem_max=212992 (as root), or lower request_bytes of the point");
  }
}

}  // namespace
}  // namespace tailrace::kinds
