// SPDX-License-Identifier: MIT
// A known program, which holds so many accepted connections, threads or armed receives of io_uring,
// read by each source of kernel memory that this machine allows; and what is no number.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "harness/observe/memory_use.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/slab_caches.hpp"
#include "harness/observe/slope.hpp"
#include "harness/observe/typed_caches.hpp"
#include "runtimes/base/uring/features.hpp"
#include "runtimes/base/uring/ring.hpp"

namespace tailrace::observe {
namespace {

constexpr int levels[] = {0, 500, 1000};
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TAILRACE_HAS_SHADOW_MEMORY  // it maps some for each thread and descriptor
#endif
#endif

enum class held { connections, threads, receives };

// A receive is small beside what a cgroup is charged at once.
int level_of(held what, int count) {
  return what == held::receives ? 20 * count : count;
}

void answer(int fd) {
  const char byte = 'x';
  if (::write(fd, &byte, 1) != 1) ::_exit(1);
}

[[noreturn]] void rest() {
  for (;;)
    ::pause();
}

[[noreturn]] void hold_threads(int count, int out) {
  std::vector<std::thread> all;
  for (int i = 0; i < count; ++i)
    all.emplace_back([] { ::pause(); });
  answer(out);
  rest();
}

// All of one socket, to which nobody sends: each waits by itself.
[[noreturn]] void hold_receives(int count, int out) {
  int ends[2];
  auto opened = uring::ring::open({});
  if (!opened || opened->enable() != 0) ::_exit(1);
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) ::_exit(1);
  static char byte = 0;
  for (int i = 0; i < count; ++i)
    ::io_uring_prep_recv(&opened->entry(), ends[0], &byte, 1, 0);
  opened->submit();
  if (opened->completed() != 0) ::_exit(1);
  answer(out);
  rest();
}

// Each in an epoll.
[[noreturn]] void hold_connections(int count, int listener, int out) {
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < count; ++i) {
    const int fd = ::accept(listener, nullptr, nullptr);
    epoll_event event{};
    event.events = EPOLLIN;
    if (fd < 0 || ::epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) ::_exit(1);
  }
  answer(out);
  rest();
}

// Accepts, starts or arms so many and holds them.
[[noreturn]] void hold(held what, int count, const std::string& join_path, int listener, int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (!join_path.empty() && !write_text(join_path, "0")) ::_exit(1);
  answer(out);
  switch (what) {
    case held::connections:
      hold_connections(count, listener, out);
    case held::threads:
      hold_threads(count, out);
    case held::receives:
      hold_receives(count, out);
  }
  ::_exit(1);
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

// Sockets or threads of the machine at this moment, of everybody; nobody says how many requests
// others have armed.
std::int64_t on_machine(held what) {
  if (what == held::receives) return 0;
  if (what == held::connections) {
    const auto text = read_text("/proc/net/sockstat");  // sockets: used 123
    return text.text
               ? to_integer(trimmed(text.text->substr(14, text.text->find('\n') - 14))).value_or(0)
               : 0;
  }
  const auto text = read_text("/proc/loadavg");  // 0.10 0.20 0.30 running/there last
  const auto slash = text.text ? text.text->find('/') : std::string::npos;
  if (slash == std::string::npos) return 0;
  return to_integer(text.text->substr(slash + 1, text.text->find(' ', slash) - slash - 1))
      .value_or(0);
}

// others: sockets or threads of the machine that are not the program's, nor the client's.
std::optional<memory_reading> read_level(held what, int count, memory_meter& meter,
                                         std::int64_t& others) {
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
      const int own[] = {2 * count, count, 0};  // of each kind
      others = on_machine(what) - own[static_cast<int>(what)];
    }
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(listener);
  return reading;
}

// The slope of kernel bytes, or why there is none. moved: how many sockets or threads of others
// came or went from level to level.
std::optional<double> slope_by(memory_source source, held what, std::string& cause,
                               std::int64_t& moved) {
  std::vector<level_at> points;
  std::vector<std::int64_t> of_others;
  for (const int level : levels) {
    const int count = level_of(what, level);
    memory_meter meter({source});
    if (meter.source() != source) {
      // A cgroup was made, but not of that version.
      const std::string why = meter.cause().empty()
                                  ? "the memory controller is in the other version of cgroups"
                                  : meter.cause();
      cause = std::string(memory_source_name(source)) + " is not to be had here: " + why;
      return std::nullopt;
    }
    std::int64_t there = 0;
    auto reading = read_level(what, count, meter, there);
    if (!reading || !reading->kernel_bytes) {
      cause = reading ? reading->kernel_cause : "";
      return std::nullopt;
    }
    double bytes = *reading->kernel_bytes;
#ifdef TAILRACE_HAS_SHADOW_MEMORY
    bytes -= reading->parts["page_tables"];
#endif
    points.push_back({static_cast<double>(count), bytes});
    of_others.push_back(there);
  }
  moved = std::ranges::max(of_others) - std::ranges::min(of_others);
  return fit_slope(points)->slope;
}

class known_program : public ::testing::TestWithParam<memory_source> {
 protected:
  // As many objects as the program holds, times sizes that slabinfo says where it can be read.
  static double expected(held what) {
    static const slab_caches slabs;
    static const typed_caches types;
    const object_sizes size(slabs, types);
    if (what == held::receives) {
      kernel_objects one;
      one.ring = {1, 1};
      return size.of("io_kiocb") + size.uncharged(one, true);  // its poll and its message header
    }
    const double security = size.of("lsm_inode_cache") + size.of("lsm_file_cache");
    const double item = size.of("eventpoll_epi") + size.of("eventpoll_pwq") + size.of("ep_head");
    if (what == held::connections) {
      return size.of("TCP") + size.of("sock_inode_cache") + size.of("dentry") + size.of("filp") +
             security + item + 8;  // a slot of the descriptor table
    }
    const double stack = 16384 + 4096;                   // stacks of 8 MiB share no page table
    const double areas = 2 * size.of("vm_area_struct");  // the stack and its guard
    return stack + areas + size.of("task_struct") + size.of("pid") + size.of("anon_vma") +
           size.of("anon_vma_chain");
  }

  static void check(held what) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 1100) GTEST_SKIP() << "1,100 descriptors are needed";
    std::string cause;
    const double right = expected(what);
    std::optional<double> slope;
    std::int64_t moved = 0;
    // Slabs are the machine's, and so is whoever opens sockets or starts threads in between.
    for (int left = GetParam() == memory_source::slab ? 4 : 1; left > 0; --left) {
      slope = slope_by(GetParam(), what, cause, moved);
      if (!slope || std::abs(*slope / right - 1) <= 0.05) break;
    }
    // What this machine does not show has a cause; that the program could not be held has none.
    ASSERT_TRUE(slope || !cause.empty());
    if (!slope) GTEST_SKIP() << cause;
    const bool off = std::abs(*slope / right - 1) > 0.05;
    if (off && GetParam() == memory_source::slab && moved > 10)
      GTEST_SKIP() << moved << " sockets or threads of others came or went meanwhile";
    EXPECT_NEAR(*slope / right, 1.0, 0.05) << *slope << " of " << right;
  }
};

TEST_P(known_program, connections_cost_their_objects) {
  check(held::connections);
}

TEST_P(known_program, threads_cost_their_objects) {
#ifdef TAILRACE_HAS_SHADOW_MEMORY
  GTEST_SKIP() << "a sanitizer maps memory of its own for each thread";
#endif
  check(held::threads);
}

TEST_P(known_program, armed_receives_cost_their_objects) {
  const auto& features = uring::probe_kernel();
  if (!features) GTEST_SKIP() << features.error().cause;
  check(held::receives);
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

TEST(memory_meter, objects_of_unknown_size_are_no_number_but_a_cause) {
  const int fd = ::inotify_init1(IN_CLOEXEC);
  ASSERT_GE(fd, 0);
  memory_meter meter({memory_source::computed});
  const auto reading = meter.read(::getpid());
  ::close(fd);
  ASSERT_TRUE(reading);
  EXPECT_FALSE(reading->kernel_bytes);
  EXPECT_NE(reading->kernel_cause.find("inotify"), std::string::npos) << reading->kernel_cause;
}

}  // namespace
}  // namespace tailrace::observe
