// SPDX-License-Identifier: MIT
// Kernel memory: parsers of files and replies, sums of objects and the probe, on made-up numbers.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "harness/observe/accept_charge.hpp"
#include "harness/observe/kernel_objects.hpp"
#include "harness/observe/object_sizes.hpp"
#include "harness/observe/slab_caches.hpp"
#include "harness/observe/tcp_sockets.hpp"

namespace tailrace::observe {
namespace {

constexpr const char* slab_head =
    "slabinfo - version: 2.1\n"
    "# name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables 0 0 0\n";

TEST(slabinfo, rows_are_bounded_before_they_are_believed) {
  const auto rows = parse_slabinfo(std::string(slab_head) +
                                   "TCP 66 143 2368 13 8 : tunables 0 0 0\n"
                                   "more_active_than_there_are 9 8 64 1 1\n"
                                   "negative -1 8 64 1 1\n"
                                   "no_size 1 8 0 1 1\n"
                                   "huge 1 8 99999999999 1 1\n"
                                   "words a b c d\n"
                                   "cut 3\n");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->at("TCP").active, 66);
  EXPECT_EQ(rows->at("TCP").bytes, 2368);
}

TEST(slabinfo, another_version_is_not_read) {
  EXPECT_FALSE(parse_slabinfo("slabinfo - version: 3.0\nTCP 66 143 2368 13 8\n"));
  EXPECT_FALSE(parse_slabinfo(""));
}

class made_up_root {
 public:
  made_up_root() : path_(fmt::format("{}/tailrace-slab-{}", ::testing::TempDir(), ::getpid())) {
    std::filesystem::create_directories(path_ + "/proc");
    std::filesystem::create_directories(path_ + "/sys/kernel/slab/TCP");
    for (const char* name : {"eventpoll_pwq", "anon_vma_chain"})
      link(name, ":A-0000064");
    link("eventpoll_epi", ":A-0000128");
    link("broken", ":A-x");
  }
  ~made_up_root() { std::filesystem::remove_all(path_); }
  made_up_root(const made_up_root&) = delete;
  made_up_root& operator=(const made_up_root&) = delete;
  const std::string& path() const { return path_; }
  void write_slabinfo(const std::string& rows) const {
    std::ofstream(path_ + "/proc/slabinfo") << slab_head << rows;
  }

 private:
  void link(const std::string& name, const char* target) const {
    std::filesystem::create_symlink(target, path_ + "/sys/kernel/slab/" + name);
  }
  std::string path_;
};

TEST(slab_caches, a_merged_cache_is_found_under_the_name_that_is_listed) {
  const made_up_root root;
  root.write_slabinfo("TCP 66 143 2368 13 8\nanon_vma_chain 7 64 64 64 1\n");
  const slab_caches slabs(root.path());
  ASSERT_TRUE(slabs.row("eventpoll_pwq"));
  EXPECT_EQ(slabs.row("eventpoll_pwq")->active, 7);
  EXPECT_FALSE(slabs.row("eventpoll_epi"));
  EXPECT_FALSE(slabs.row("broken"));
  EXPECT_TRUE(slabs.may_exist("TCP"));
  EXPECT_FALSE(slabs.may_exist("lsm_file_cache"));
}

TEST(slab_caches, without_slabinfo_the_name_of_the_link_says_the_size) {
  const made_up_root root;
  const slab_caches slabs(root.path());
  EXPECT_NE(slabs.cause(), "");
  EXPECT_EQ(slabs.object_bytes("eventpoll_epi"), 128.0);
  EXPECT_FALSE(slabs.object_bytes("broken"));
  EXPECT_FALSE(slabs.object_bytes("TCP"));
  const typed_caches no_types(root.path());
  const object_sizes sizes(slabs, no_types, true);
  EXPECT_EQ(sizes.of("lsm_file_cache"), 0);  // this kernel has none
  EXPECT_EQ(sizes.source(), size_source::slabs);
  EXPECT_GT(sizes.of("TCP"), 2000);
  EXPECT_EQ(sizes.source(), size_source::table);
}

TEST(slab_caches, without_slabinfo_root_may_read_the_size_of_a_cache_that_is_not_merged) {
  const made_up_root root;
  std::ofstream(root.path() + "/sys/kernel/slab/TCP/slab_size") << "2368\n";
  EXPECT_EQ(slab_caches(root.path()).object_bytes("TCP"), 2368.0);
  for (const char* hostile : {"", "-64", "0", "2368 x", "99999999999"}) {
    std::ofstream(root.path() + "/sys/kernel/slab/TCP/slab_size") << hostile;
    EXPECT_FALSE(slab_caches(root.path()).object_bytes("TCP")) << hostile;
  }
}

TEST(object_sizes, slabs_without_a_cache_that_exists_are_no_number) {
  const made_up_root root;
  root.write_slabinfo("anon_vma_chain 7 64 64 64 1\n");
  const typed_caches no_types(root.path());
  const slab_caches without(root.path());
  EXPECT_FALSE(object_sizes(without, no_types).from_slabs({}, {}));
  root.write_slabinfo("TCP 66 143 2368 13 8\n");
  const slab_caches with(root.path());
  EXPECT_TRUE(object_sizes(with, no_types).from_slabs({}, {}));
}

TEST(object_sizes, the_clients_half_is_subtracted_by_count) {
  const made_up_root root;
  std::filesystem::create_directories(root.path() + "/sys/kernel/slab/sock_inode_cache");
  root.write_slabinfo("TCP 66 143 2000 13 8\nsock_inode_cache 66 143 800 13 8\n");
  const slab_caches slabs(root.path());
  kernel_objects client;
  client.tcp = 30;
  const typed_caches no_types(root.path());
  const auto sum = object_sizes(slabs, no_types).from_slabs({}, client);
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->sum(), 36 * 2800);
}

TEST(fdinfo, epoll_items_and_armed_requests_are_counted) {
  EXPECT_EQ(epoll_items_in("pos:\t0\ntfd:        5 events: 19\ntfd:        7 events: 19\n"), 2);
  const auto ring = ring_requests_in(
      "CQEs:\t0\nPollList:\n  op=27, task_works=0\n  op=13, task_works=0\nCqOverflowList:\n"
      "  op=27, task_works=0\n");
  ASSERT_TRUE(ring);
  EXPECT_EQ(ring->all, 2);
  EXPECT_EQ(ring->messages, 1);
}

TEST(fdinfo, a_ring_that_lists_no_requests_is_not_a_ring_without_requests) {
  EXPECT_FALSE(ring_requests_in("SqMask:\t0xff\nUserFiles:\t0\n"));
}

// One message of a sock_diag reply.
std::vector<std::byte> diag_reply(std::uint32_t inode, std::size_t attribute_bytes,
                                  std::uint32_t send_limit = 1000) {
  inet_diag_msg socket{};
  socket.idiag_inode = inode;
  std::array<std::uint32_t, 9> memory{};
  memory[SK_MEMINFO_RMEM_ALLOC] = 2304;
  memory[SK_MEMINFO_RCVBUF] = 131072;  // a limit, not a use
  memory[SK_MEMINFO_WMEM_QUEUED] = 100;
  memory[SK_MEMINFO_SNDBUF] = send_limit;
  nlattr attribute{static_cast<std::uint16_t>(sizeof(nlattr) + attribute_bytes),
                   INET_DIAG_SKMEMINFO};
  nlmsghdr head{};
  head.nlmsg_len = static_cast<std::uint32_t>(sizeof head + sizeof socket + attribute.nla_len);
  head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  std::vector<std::byte> bytes(head.nlmsg_len);
  std::memcpy(bytes.data(), &head, sizeof head);
  std::memcpy(bytes.data() + sizeof head, &socket, sizeof socket);
  std::byte* at = bytes.data() + sizeof head + sizeof socket;
  std::memcpy(at, &attribute, sizeof attribute);
  std::memcpy(at + sizeof attribute, memory.data(), attribute_bytes);
  return bytes;
}

TEST(sock_diag, own_sockets_are_summed_and_others_left_out) {
  tcp_totals seen;
  EXPECT_EQ(add_tcp_reply(diag_reply(7, 36), {7}, seen).cause, "");
  EXPECT_EQ(add_tcp_reply(diag_reply(8, 36), {7}, seen).cause, "");
  EXPECT_EQ(seen.sockets, 1);
  EXPECT_EQ(seen.buffer_bytes, 2404);
  EXPECT_EQ(seen.full, 0);
}

TEST(sock_diag, a_socket_is_full_where_less_than_half_of_what_is_queued_is_free) {
  for (const auto& [limit, full] : {std::pair{150U, 0}, {149U, 1}, {100U, 1}, {10U, 1}}) {
    tcp_totals seen;
    add_tcp_reply(diag_reply(7, 36, limit), {7}, seen);
    EXPECT_EQ(seen.full, full) << limit;
  }
}

TEST(sock_diag, a_reply_is_bounded_before_it_is_believed) {
  const auto whole = diag_reply(7, 36);
  for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
    tcp_totals seen;
    const auto part = add_tcp_reply(std::span(whole).first(bytes), {7}, seen);
    EXPECT_NE(part.cause, "") << bytes;
    EXPECT_EQ(seen.sockets, 0) << bytes;
  }
  tcp_totals seen;
  EXPECT_NE(add_tcp_reply(diag_reply(7, 8), {7}, seen).cause, "") << "memory cut short";
  auto longer = whole;
  const std::uint16_t much = 0xFFFF;
  std::memcpy(longer.data() + sizeof(nlmsghdr) + sizeof(inet_diag_msg), &much, sizeof much);
  EXPECT_NE(add_tcp_reply(longer, {7}, seen).cause, "");
  EXPECT_EQ(seen.sockets, 0);
}

// Made-up cgroups: /dev/null takes whoever joins.
std::optional<bool> charged_by(double bytes_a_connection, const char* join_path = "/dev/null") {
  int readings = 0;
  return accepted_are_charged(join_path, 0,
                              [&] { return ++readings > 1 ? 1000 * bytes_a_connection : 0.0; });
}

TEST(accept_charge, is_told_by_what_a_connection_adds) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < 1100) GTEST_SKIP() << "1,100 descriptors are needed";
  EXPECT_EQ(charged_by(3800), true);
  EXPECT_EQ(charged_by(1480), false);
}

TEST(accept_charge, is_not_known_where_nobody_can_join) {
  EXPECT_FALSE(charged_by(3800, "/nowhere/cgroup.procs"));
}

}  // namespace
}  // namespace tailrace::observe
