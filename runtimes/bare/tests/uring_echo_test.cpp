// SPDX-License-Identifier: MIT
// Faults that the conformance checks of the target cannot arrange, each in several forms. Skipped,
// with the cause, where this machine refuses io_uring.
#include "runtimes/bare/uring_echo.hpp"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <memory>
#include <optional>
#include <sstream>
#include <thread>

#include "runtimes/bare/target_options.hpp"
#include "runtimes/bare/tests/loopback_server.hpp"
#include "runtimes/base/uring/tests/seccomp_filter.hpp"
#include "runtimes/base/uring/tests/signal_storm.hpp"
#include "runtimes/base/uring/tests/uring_available.hpp"

namespace tailrace {
namespace {

bool set_switch(uring_form& form, const std::string& name, const std::string& value) {
  return uring_switches().set(form, name, value);
}

uring_form form_of(const std::string& text) {
  uring_form form;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    EXPECT_TRUE(set_switch(form, word.substr(0, equals), word.substr(equals + 1))) << word;
  }
  EXPECT_EQ(objection_to(form), "");
  return form;
}

int open_descriptors() {
  DIR* const all = ::opendir("/proc/self/fd");
  int count = 0;
  while (::readdir(all) != nullptr)
    ++count;
  ::closedir(all);
  return count;
}

class uring_echo : public loopback_server, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    const auto& kernel = uring::probe_kernel();
    if (!kernel) {
      ::close(listener_);
      GTEST_SKIP() << kernel.error().sentence();
    }
    if (const std::string missing = missing_for(form_of(GetParam()), *kernel); !missing.empty()) {
      ::close(listener_);
      GTEST_SKIP() << "this kernel is too old for " << missing;
    }
  }

  void serve() { serve(form_of(GetParam())); }
  void serve(const uring_form& form) {
    loop_.emplace(listener_, form);
    worker_ = std::thread([this] { loop_->run(); });
  }

  void TearDown() override {
    if (worker_.joinable()) ended();
  }

  // Counts as they are once the loop has ended.
  bare_counts ended() {
    loop_->stop();
    worker_.join();
    const bare_counts counts = loop_->counts();
    EXPECT_EQ(counts.accepted, counts.closed);
    return counts;
  }

  std::optional<bare_uring_echo> loop_;
  std::thread worker_;
};

// All have sent before the loop begins, so that it cannot keep up with them: buffers run out,
// receives end with ENOBUFS and are made again.
TEST_P(uring_echo, storm_on_the_buffers_loses_nothing) {
  constexpr std::size_t peers = 200;
  constexpr std::size_t size = 30'000;
  std::vector<int> clients;
  for (std::size_t i = 0; i < peers; ++i)
    clients.push_back(connected());
  for (std::size_t i = 0; i < peers; ++i)
    send_all(clients[i], pattern(size, static_cast<unsigned>(i)));
  serve();
  for (std::size_t i = 0; i < peers; ++i) {
    EXPECT_TRUE(received(clients[i], size) == pattern(size, static_cast<unsigned>(i))) << i;
    ::close(clients[i]);
  }
  const bare_counts counts = ended();
  const bool lends = form_of(GetParam()).multishot && !form_of(GetParam()).large_direct;
  EXPECT_TRUE(!lends || loop_->events().out_of_buffers > 0);  // it was a storm
  EXPECT_EQ(counts.received_bytes, peers * size);
  EXPECT_EQ(counts.sent_bytes, peers * size);
}

// The same with rings of two entries: most completions have no room, and are delivered later.
TEST_P(uring_echo, completions_without_room_are_not_lost) {
  constexpr std::size_t peers = 100;
  constexpr std::size_t size = 3000;
  std::vector<int> clients;
  for (std::size_t i = 0; i < peers; ++i)
    clients.push_back(connected());
  for (std::size_t i = 0; i < peers; ++i)
    send_all(clients[i], pattern(size, static_cast<unsigned>(i)));
  uring_form tiny = form_of(GetParam());
  tiny.entries = 2;
  tiny.cq_entries = 2;
  serve(tiny);
  for (std::size_t i = 0; i < peers; ++i)
    EXPECT_TRUE(received(clients[i], size) == pattern(size, static_cast<unsigned>(i))) << i;
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < peers; ++i)
      send_all(clients[i], pattern(64, static_cast<unsigned>(i)));
    for (std::size_t i = 0; i < peers; ++i)
      EXPECT_TRUE(received(clients[i], 64) == pattern(64, static_cast<unsigned>(i))) << i;
  }
  for (const int each : clients)
    ::close(each);
  const bare_counts counts = ended();
  EXPECT_GT(loop_->events().overflows, 0u);  // there was no room
  EXPECT_EQ(counts.sent_bytes, peers * (size + 5 * 64));
  EXPECT_EQ(counts.errors, 0u);
}

// The wait ends with EINTR again and again.
TEST_P(uring_echo, a_storm_of_signals_loses_nothing) {
  serve();
  loop_->wait_until_enabled();
  const int peer = connected();
  ASSERT_EQ(echoed(peer, "before"), "before");
  {
    const uring::signal_storm storm(worker_.native_handle());
    const std::string text = pattern(30'000);
    for (int i = 0; i < 100; ++i)
      ASSERT_TRUE(echoed(peer, text) == text);
  }
  ::close(peer);
  EXPECT_EQ(ended().errors, 0u);
}

// The peer's window is small and it reads late: sends stop half-way, and others go on meanwhile.
TEST_P(uring_echo, a_peer_that_does_not_read_gets_all_later_and_holds_up_nobody) {
  serve();
  const int slow = connected(65536);
  const int quick = connected();
  const std::string text = pattern(8 << 20);
  std::thread sender([&] { send_all(slow, text); });
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(echoed(quick, "quick"), "quick");
  EXPECT_TRUE(received(slow, text.size()) == text);
  sender.join();
  ::close(slow);
  ::close(quick);
  const bare_counts counts = ended();
  EXPECT_EQ(counts.sent_bytes, text.size() + 500);
  EXPECT_EQ(counts.errors, 0U);
}

TEST_P(uring_echo, a_byte_at_a_time_comes_back_in_order) {
  serve();
  const int peer = connected();
  const std::string text = pattern(3000);
  for (const char each : text)
    ASSERT_EQ(::send(peer, &each, 1, MSG_NOSIGNAL), 1);
  EXPECT_TRUE(received(peer, text.size()) == text);
  ::shutdown(peer, SHUT_WR);
  EXPECT_EQ(received(peer, 1), "");
  ::close(peer);
  ended();
}

// Of a process that is killed the kernel closes the sockets, here with bytes unread: a reset.
TEST_P(uring_echo, a_client_killed_in_mid_message_costs_one_connection) {
  serve();
  const int other = connected();
  const pid_t child = ::fork();
  if (child == 0) {
    const int peer = connected(4096);
    const std::string text = pattern(4 << 20);
    ::send(peer, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::raise(SIGKILL);
  }
  ASSERT_GT(child, 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  while (loop_->counts().closed == 0)
    ASSERT_EQ(echoed(other, "still here"), "still here");
  ::close(other);
  const bare_counts counts = ended();
  EXPECT_EQ(counts.accepted, 2U);
  EXPECT_EQ(counts.errors, 0U);
}

TEST_P(uring_echo, stops_under_load_and_leaves_no_descriptor) {
  const int before = open_descriptors();  // the listener among them
  serve();
  std::vector<int> clients;
  for (int i = 0; i < 100; ++i)
    clients.push_back(connected(4096));
  const std::string text = pattern(100'000);
  for (const int each : clients)
    ::send(each, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ASSERT_EQ(received(clients.back(), 1000), text.substr(0, 1000));
  const bare_counts counts = ended();
  EXPECT_EQ(counts.accepted, 100U);
  EXPECT_EQ(counts.errors, 0U);
  for (const int each : clients)
    ::close(each);
  loop_.reset();
  EXPECT_EQ(open_descriptors(), before - 1);
}

TEST_P(uring_echo, counts_what_was_sent_before_anything_else_happens) {
  serve();
  const int peer = connected();
  for (std::uint64_t i = 1; i <= 50; ++i) {
    ASSERT_EQ(echoed(peer, "hello"), "hello");
    const bare_counts counts = loop_->fresh_counts();
    EXPECT_EQ(counts.received_bytes, 5 * i);
    EXPECT_EQ(counts.sent_bytes, 5 * i);
  }
  ::close(peer);
  ended();
}

TEST_P(uring_echo, ends_where_it_was_stopped_before_it_ran) {
  loop_.emplace(listener_, form_of(GetParam()));
  loop_->stop();
  loop_->run();
  EXPECT_EQ(loop_->counts().accepted, 0U);
}

INSTANTIATE_TEST_SUITE_P(forms, uring_echo,
                         testing::Values("", "large=ring", "large=ring buffer_bytes=1024",
                                         "receive=single", "receive=single buffers=own large=ring",
                                         "quiet_sends=off", "taskrun=none", "taskrun=coop",
                                         "min_wait_us=100"),
                         [](const testing::TestParamInfo<const char*>& form) {
                           std::string name(form.param);
                           for (char& each : name)
                             if (std::isalnum(static_cast<unsigned char>(each)) == 0) each = '_';
                           return name.empty() ? "best" : name;
                         });

using uring_echo_once = loopback_server;

TEST_F(uring_echo_once, accepts_again_by_itself_once_there_are_descriptors) {
  TAILRACE_NEEDS_URING();
  bare_uring_echo loop(listener_, {});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int peer = connected();  // waits in the backlog: the loop does not run yet
  const int next = ::dup(peer);
  ::close(next);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  std::thread worker([&] { loop.run(); });
  while (loop.counts().accept_errors == 0)
    std::this_thread::yield();
  EXPECT_EQ(loop.counts().accepted, 0U);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(echoed(peer, "hello"), "hello");
  loop.stop();
  worker.join();
  EXPECT_EQ(loop.counts().accepted, 1U);
  EXPECT_LT(loop.ring().enters(), 200U);  // it did not spin
  ::close(peer);
}

// Large messages leave the ring's buffers; small ones stay.
TEST_F(uring_echo_once, moves_large_messages_to_the_warm_buffer) {
  TAILRACE_NEEDS_URING();
  bare_uring_echo loop(listener_, {});
  std::thread worker([&] { loop.run(); });
  const int small = connected();
  const int large = connected();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(echoed(small, pattern(64)), pattern(64));
    EXPECT_TRUE(echoed(large, pattern(65536)) == pattern(65536));
  }
  loop.stop();
  worker.join();
  EXPECT_EQ(loop.events().large, 1U);
  ::close(small);
  ::close(large);
}

TEST_F(uring_echo_once, a_refused_ring_is_one_sentence_with_a_remedy) {
  EXPECT_EXIT(
      {
        if (!uring::forbid_io_uring(EPERM)) std::_Exit(2);
        try {
          bare_uring_echo loop(listener_, {});
        } catch (const uring_refused& refused) {
          std::fprintf(stderr, "%s\n", refused.why.sentence().c_str());
          std::_Exit(::fcntl(listener_, F_GETFD) < 0 ? 0 : 3);  // the listener is closed
        }
        std::_Exit(4);
      },
      testing::ExitedWithCode(0), "seccomp");
  ::close(listener_);
}

TEST(uring_form, says_what_excludes_what) {
  const auto objection = [](const std::vector<std::pair<const char*, const char*>>& switches) {
    uring_form form;
    for (const auto& [name, value] : switches)
      EXPECT_TRUE(set_switch(form, name, value)) << name;
    return objection_to(form);
  };
  EXPECT_EQ(objection({}), "");
  EXPECT_NE(objection({{"buffers", "own"}}), "");
  EXPECT_NE(objection({{"buffers", "own"}, {"receive", "single"}}), "");
  EXPECT_EQ(objection({{"buffers", "own"}, {"receive", "single"}, {"large", "ring"}}), "");
  uring_form form;
  EXPECT_FALSE(set_switch(form, "receive", "twice"));
  EXPECT_FALSE(set_switch(form, "buffer_bytes", "many"));
  EXPECT_FALSE(set_switch(form, "speed", "high"));
}

}  // namespace
}  // namespace tailrace
