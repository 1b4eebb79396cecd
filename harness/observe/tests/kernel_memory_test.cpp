// SPDX-License-Identifier: MIT
// Kernel memory: parsers against made-up files, and a known program read by each source that this
// machine allows: so many accepted connections, so many threads.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "harness/observe/kernel_objects.hpp"
#include "harness/observe/memory_use.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/slab_caches.hpp"
#include "harness/observe/slope.hpp"
#include "harness/observe/tcp_sockets.hpp"

namespace tailrace::observe {
namespace {

// --- Files made up ---

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
  const object_sizes sizes(slabs);
  EXPECT_EQ(sizes.of("lsm_file_cache"), 0);  // this kernel has none
  EXPECT_FALSE(sizes.from_table());
  EXPECT_GT(sizes.of("TCP"), 2000);
  EXPECT_TRUE(sizes.from_table());
}

TEST(object_sizes, slabs_without_a_cache_that_exists_are_no_number) {
  const made_up_root root;
  root.write_slabinfo("anon_vma_chain 7 64 64 64 1\n");
  const slab_caches without(root.path());
  EXPECT_FALSE(object_sizes(without).from_slabs({}, {}));
  root.write_slabinfo("TCP 66 143 2368 13 8\n");
  const slab_caches with(root.path());
  EXPECT_TRUE(object_sizes(with).from_slabs({}, {}));
}

TEST(object_sizes, the_clients_half_is_subtracted_by_count) {
  const made_up_root root;
  std::filesystem::create_directories(root.path() + "/sys/kernel/slab/sock_inode_cache");
  root.write_slabinfo("TCP 66 143 2000 13 8\nsock_inode_cache 66 143 800 13 8\n");
  const slab_caches slabs(root.path());
  kernel_objects client;
  client.tcp = 30;
  const auto sum = object_sizes(slabs).from_slabs({}, client);
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
std::vector<std::byte> diag_reply(std::uint32_t inode, std::size_t attribute_bytes) {
  inet_diag_msg socket{};
  socket.idiag_inode = inode;
  std::array<std::uint32_t, 9> memory{};
  memory[SK_MEMINFO_RMEM_ALLOC] = 2304;
  memory[SK_MEMINFO_RCVBUF] = 131072;  // a limit, not a use
  memory[SK_MEMINFO_WMEM_QUEUED] = 100;
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

// --- A known program ---

constexpr int levels[] = {0, 500, 1000};

enum class held { connections, threads };

void answer(int fd) {
  const char byte = 'x';
  if (::write(fd, &byte, 1) != 1) ::_exit(1);
}

// Accepts or starts so many and holds them, each connection in an epoll.
[[noreturn]] void hold(held what, int count, const std::string& join_path, int listener, int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (!join_path.empty() && !write_text(join_path, "0")) ::_exit(1);
  answer(out);
  if (what == held::threads) {
    std::vector<std::thread> all;
    for (int i = 0; i < count; ++i)
      all.emplace_back([] { ::pause(); });
    answer(out);
    for (;;)
      ::pause();
  }
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < count; ++i) {
    const int fd = ::accept(listener, nullptr, nullptr);
    epoll_event event{};
    event.events = EPOLLIN;
    if (fd < 0 || ::epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) ::_exit(1);
  }
  answer(out);
  for (;;)
    ::pause();
}

struct client_side {
  std::vector<int> fds;
  ~client_side() {
    for (const int fd : fds)
      ::close(fd);
  }
};

int make_listener() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1;
  return ::listen(fd, 2048) == 0 ? fd : -1;
}

bool connect_to(int listener, int count, client_side& into) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  for (int i = 0; i < count; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    into.fds.push_back(fd);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
  }
  return true;
}

std::optional<memory_reading> read_level(held what, int count, memory_meter& meter) {
  const int listener = make_listener();
  int ends[2] = {-1, -1};
  if (listener < 0 || ::pipe(ends) != 0) return std::nullopt;
  const pid_t child = ::fork();
  if (child == 0) hold(what, count, meter.join_path(), listener, ends[1]);
  ::close(ends[1]);
  char byte = 0;
  std::optional<memory_reading> reading;
  {
    client_side client;
    const int connections = what == held::connections ? count : 0;
    if (::read(ends[0], &byte, 1) == 1 && connect_to(listener, connections, client) &&
        ::read(ends[0], &byte, 1) == 1) {
      ::usleep(200'000 + static_cast<useconds_t>(meter.settle_s() * 1e6));
      reading = meter.read(child, {::getpid(), connections});
    }
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(listener);
  return reading;
}

// The slope of kernel bytes, or why there is none.
std::optional<double> slope_by(memory_source source, held what, std::string& cause) {
  std::vector<level_at> points;
  for (const int count : levels) {
    memory_meter meter({source});
    if (meter.source() != source) {
      cause = meter.cause();
      return std::nullopt;
    }
    const auto reading = read_level(what, count, meter);
    if (!reading || !reading->kernel_bytes) {
      cause = reading ? reading->kernel_cause : "the program could not be held";
      return std::nullopt;
    }
    points.push_back({static_cast<double>(count), *reading->kernel_bytes});
  }
  return fit_slope(points)->slope;
}

class known_program : public ::testing::TestWithParam<memory_source> {
 protected:
  // As many objects as the program holds, times sizes that slabinfo says where it can be read.
  static double expected(held what) {
    static const slab_caches slabs;
    const object_sizes sizes(slabs);
    kernel_objects one;
    if (what == held::connections) {
      one.tcp = one.descriptors = one.epoll_items = one.table_slots = 1;
    } else {
      one.threads = 1;
      one.areas = 2;                // a stack and its guard
      one.page_table_bytes = 4096;  // stacks of 8 MiB share none
    }
    return sizes.computed(one).sum();
  }

  static void check(held what) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 1100) GTEST_SKIP() << "1,100 descriptors are needed";
    std::string cause;
    auto slope = slope_by(GetParam(), what, cause);
    const double right = expected(what);
    // Slabs are the machine's, and so is whoever opens sockets in between.
    for (int more = 3; more > 0 && slope && GetParam() == memory_source::slab; --more) {
      if (std::abs(*slope / right - 1) <= 0.05) break;
      slope = slope_by(GetParam(), what, cause);
    }
    if (!slope) GTEST_SKIP() << cause;
    EXPECT_NEAR(*slope / right, 1.0, 0.05) << *slope;
  }
};

TEST_P(known_program, connections_cost_their_objects) {
  check(held::connections);
}

TEST_P(known_program, threads_cost_their_objects) {
  check(held::threads);
}

INSTANTIATE_TEST_SUITE_P(sources, known_program,
                         ::testing::Values(memory_source::cgroup_v2, memory_source::cgroup_v1,
                                           memory_source::slab, memory_source::computed),
                         [](const auto& at) {
                           std::string name = memory_source_name(at.param);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(memory_meter, own_pages_are_counted_and_the_cgroup_is_removed) {
  std::string folder;
  {
    memory_meter meter;
    const auto reading = meter.read(::getpid());
    ASSERT_TRUE(reading);
    EXPECT_GT(reading->user_bytes, 0);
    const std::string join = meter.join_path();
    if (!join.empty()) folder = join.substr(0, join.rfind('/'));
    EXPECT_TRUE(folder.empty() || ::access(folder.c_str(), F_OK) == 0);
  }
  EXPECT_TRUE(folder.empty() || ::access(folder.c_str(), F_OK) != 0);
}

TEST(memory_meter, targets_that_are_alive_at_once_have_a_cgroup_each) {
  const memory_meter one;
  const memory_meter other;
  EXPECT_TRUE(one.join_path().empty() || one.join_path() != other.join_path());
}

TEST(memory_meter, what_is_not_whole_is_no_number_but_a_cause) {
  memory_meter meter({memory_source::computed});
  const auto missing = meter.read(::getpid(), {0, 1'000'000});
  ASSERT_TRUE(missing);
  EXPECT_FALSE(missing->kernel_bytes);
  EXPECT_NE(missing->kernel_cause.find("1000000 connections"), std::string::npos);
  memory_meter nothing({memory_source::none});
  const auto none = nothing.read(::getpid());
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->kernel_bytes);
  EXPECT_NE(none->kernel_cause, "");
  EXPECT_FALSE(none->parts.contains("kernel_stack"));
}

}  // namespace
}  // namespace tailrace::observe
