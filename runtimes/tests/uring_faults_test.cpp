// SPDX-License-Identifier: MIT
// What goes wrong between the io_uring runtime and the kernel: no buffers, no room for
// completions, cancels of what is in flight, short transfers, a refused ring. Everything that was
// sent comes back, and nothing stays behind: destructors of the runtime check what is in flight,
// those of its pools what is lent.
#include <netinet/tcp.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtimes/base/uring/tests/seccomp_filter.hpp"
#include "runtimes/base/uring/tests/signal_storm.hpp"
#include "runtimes/base/uring/tests/uring_available.hpp"
#include "runtimes/tests/conformance_harness.hpp"
#include "runtimes/uring/runtime.hpp"

namespace tailrace {

using runtime_under_test = uring::runtime;
inline uring::options options_under_test;

template <>
struct conformance_harness<uring::runtime> {
  using client = conformance::socket_client;
  static std::unique_ptr<uring::runtime> make() {
    return std::make_unique<uring::runtime>(options_under_test);
  }
  static client connect(uring::runtime&, std::uint16_t port, int receive_bytes) {
    return client(port, receive_bytes);
  }
};

}  // namespace tailrace

#include "runtimes/tests/conformance_server.hpp"

namespace tailrace::conformance {
namespace {

std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

std::uint64_t worker_metric(R& runtime, std::string_view name) {
  const runtime_metrics all = runtime.metrics();
  for (const metric& each : all.workers.at(0))
    if (each.name == name) return each.value;
  throw std::runtime_error("no such metric");
}

class uring_faults : public testing::Test {
 protected:
  void SetUp() override {
    TAILRACE_NEEDS_URING();
    options_under_test = {};
    descriptors_ = open_descriptors();
  }
  void TearDown() override {
    if (IsSkipped()) return;
    EXPECT_EQ(open_descriptors(), descriptors_);
  }

  // Each of `count` clients sends `rounds` messages, all at once, before any reads.
  static void storm(server& served, int count, int rounds, std::size_t bytes) {
    std::vector<client> peers;
    for (int i = 0; i < count; ++i)
      peers.push_back(served.connect());
    for (int round = 0; round < rounds; ++round) {
      const auto message = [&](int i) {
        return pattern(bytes, static_cast<unsigned>(round * count + i));
      };
      for (int i = 0; i < count; ++i)
        peers[static_cast<std::size_t>(i)].send(message(i));
      for (int i = 0; i < count; ++i)
        ASSERT_TRUE(peers[static_cast<std::size_t>(i)].receive(bytes) == message(i)) << i;
    }
    for (client& peer : peers)
      peer.reset();
  }

 private:
  std::ptrdiff_t descriptors_ = 0;
};

TEST_F(uring_faults, two_buffers_serve_a_hundred_connections) {
  for (const uring::receive_mode receive :
       {uring::receive_mode::multishot, uring::receive_mode::adaptive}) {
    options_under_test.receive = receive;
    options_under_test.buffers = 2;
    options_under_test.buffer_bytes = 512;
    server served(serve_with_echo);
    storm(served, 100, 5, 1500);
    EXPECT_GT(worker_metric(served.running().runtime(), "starved"), 0u);
    served.stop();
  }
}

TEST_F(uring_faults, a_completion_ring_that_is_far_too_small_loses_nothing) {
  options_under_test.entries = 2;
  options_under_test.cq_entries = 2;
  server served(serve_with_echo);
  storm(served, 100, 5, 64);
  EXPECT_GT(worker_metric(served.running().runtime(), "completions"), 500u);
  served.stop();
}

task<void> echo_and_note(R::stream peer, std::set<const std::byte*>& buffers) {
  for (;;) {
    const auto received = co_await peer.receive();
    if (received.bytes().empty()) break;
    buffers.insert(received.bytes().data());
    const io_result sent = co_await peer.send_all(received);
    if (!sent.ok()) break;
  }
}

// Each is a page of memory that an idle worker keeps.
TEST_F(uring_faults, one_message_at_a_time_goes_round_few_buffers) {
  std::set<const std::byte*> buffers;
  server served([&](R&, R::stream peer) { return echo_and_note(std::move(peer), buffers); });
  client peer = served.connect();
  for (int i = 0; i < 200; ++i) {
    peer.send("x");
    EXPECT_EQ(peer.receive(1), "x");
  }
  served.stop();
  EXPECT_LE(buffers.size(), 9u);  // the window, and the one that is lent
}

task<void> send_into(R::stream& peer, std::string_view bytes, outcome& sent) {
  const io_result result = co_await peer.send_all(bytes_of(bytes));
  sent.set(result);
}

task<void> receive_into(R::stream& peer, outcome& received) {
  const auto lease = co_await peer.receive();
  received.set(lease.status());
}

task<void> send_and_receive_at_once(R& runtime, R::stream peer, const std::string& much) {
  scope<R> both(runtime);
  outcome sent;
  outcome received;
  both.spawn(send_into(peer, much, sent));
  both.spawn(receive_into(peer, received));
  co_await both.join();
  EXPECT_EQ(sent.wait().error(), ECANCELED);
  EXPECT_EQ(received.wait().error(), ECANCELED);
}

// Under a sanitizer this is where a buffer that the kernel still writes to would be found.
TEST_F(uring_faults, cancels_wait_for_the_kernel) {
  const std::string much = pattern(4 * 1024 * 1024);
  for (int round = 0; round < 10; ++round) {
    options_under_test.send =
        round % 2 == 0 ? uring::send_mode::through_ring : uring::send_mode::direct;
    options_under_test.receive =
        round % 3 == 0 ? uring::receive_mode::single : uring::receive_mode::adaptive;
    server served([&](R& runtime, R::stream peer) {
      return send_and_receive_at_once(runtime, std::move(peer), much);
    });
    std::vector<client> peers;
    for (int i = 0; i < 40; ++i)
      peers.push_back(served.connect(4096));
    for (client& peer : peers)
      EXPECT_EQ(peer.receive(1).size(), 1u);  // its send is on the way
    served.stop();
  }
}

task<void> tell_thread_and_echo(R::stream peer, std::atomic<pthread_t>& thread, gate& told) {
  thread = ::pthread_self();
  told.set();
  co_await echo(std::move(peer));
}

TEST_F(uring_faults, a_storm_of_signals_loses_nothing) {
  for (const uring::receive_mode receive :
       {uring::receive_mode::multishot, uring::receive_mode::single}) {
    options_under_test.receive = receive;
    std::atomic<pthread_t> worker{};
    gate told;
    server served(
        [&](R&, R::stream peer) { return tell_thread_and_echo(std::move(peer), worker, told); });
    client first = served.connect();
    told.wait();
    const uring::signal_storm storm_of_signals(worker);
    storm(served, 50, 20, 3000);
    first.send("x");
    EXPECT_EQ(first.receive(1), "x");
  }
}

task<void> yield_until_busy(R& owner, std::uint64_t& seen) {
  constexpr int turns = 10'000'000;  // far more CPU time than the clock's grain
  for (int i = 0; i < turns && seen == 0; ++i) {
    seen = worker_metric(owner, "busy_ns");
    co_await owner.yield();
  }
}

// While it runs and afterwards: what its thread has used grows, and is kept.
TEST_F(uring_faults, busy_time_is_the_cpu_time_of_the_loop) {
  const auto runtime = harness::make();
  EXPECT_EQ(worker_metric(*runtime, "busy_ns"), 0u);
  std::uint64_t during = 0;
  runtime->run(yield_until_busy(*runtime, during));
  EXPECT_GT(during, 0u);
  EXPECT_GE(worker_metric(*runtime, "busy_ns"), during);
}

TEST_F(uring_faults, short_transfers_are_continued) {
  for (const uring::send_mode send : {uring::send_mode::through_ring, uring::send_mode::direct}) {
    options_under_test.send = send;
    server served(serve_with_echo);
    client peer = served.connect(4096);
    const std::string much = pattern(3 * 1024 * 1024);
    std::thread sender([&] {
      peer.send(much);
      peer.end();
    });
    const std::string got = peer.receive(much.size() + 1);
    sender.join();
    EXPECT_TRUE(got == much);
  }
}

TEST_F(uring_faults, the_way_of_receiving_follows_the_size) {
  server served(serve_with_echo);
  client peer = served.connect();
  for (const std::size_t bytes : {100UL, 100'000UL, 50UL, 60'000UL, 10UL})
    for (int i = 0; i < 50; ++i) {
      const std::string message = pattern(bytes, static_cast<unsigned>(i));
      std::thread sender([&] { peer.send(message); });
      const std::string got = peer.receive(bytes);
      sender.join();
      ASSERT_TRUE(got == message) << bytes << " bytes, message " << i;
    }
}

TEST_F(uring_faults, reads_past_the_page_cache_go_to_threads_of_the_kernel) {
  const auto by_threads = [](uring::file_reads files, bool direct) {
    return uring::runtime({.files = files}).reads_by_threads({.direct = direct});
  };
  EXPECT_TRUE(by_threads(uring::file_reads::adaptive, true));
  EXPECT_FALSE(by_threads(uring::file_reads::adaptive, false));
  EXPECT_FALSE(by_threads(uring::file_reads::by_ring, true));
  EXPECT_TRUE(by_threads(uring::file_reads::by_threads, false));
}

TEST_F(uring_faults, accepted_connections_have_no_delay) {
  server served(serve_with_echo);
  client peer = served.connect();
  peer.send("x");
  EXPECT_EQ(peer.receive(1), "x");
  int without = 0;
  for (int fd = 0; fd < 1024; ++fd) {  // The client's own is the only one that may be without.
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0) without += no_delay == 0;
  }
  EXPECT_EQ(without, 1);
}

task<void> accept_one(R::listener& listener) {
  static_cast<void>(co_await listener.accept());
}

bool refuses(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  const bool refused = connected != 0 && errno == ECONNREFUSED;
  ::close(fd);
  return refused;
}

task<void> close_a_listener(R& runtime, outcome& refused) {
  std::uint16_t port = 0;
  {
    const endpoint where;
    auto listener = runtime.listen(where);
    port = listener->port();
    scope<R> children(runtime);
    children.spawn(accept_one(*listener));
    co_await runtime.yield();  // The accept stands in the kernel.
    children.request_stop();
    co_await children.join();
  }
  bool closed = false;
  for (int tries = 0; tries < 2000 && !closed; ++tries) {
    const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
    static_cast<void>(co_await runtime.sleep_until(soon));
    closed = refuses(port);
  }
  refused.set(closed ? io_result() : io_result::of_error(ETIMEDOUT));
}

TEST_F(uring_faults, a_closed_listener_accepts_no_more_while_its_runtime_runs) {
  outcome refused;
  on_thread running([&](R& runtime) { return close_a_listener(runtime, refused); });
  EXPECT_TRUE(refused.wait().ok());
  running.join();
}

[[noreturn]] void construct_behind_filter(int error) {
  if (!uring::forbid_io_uring(error)) std::fputs("this system lets nobody filter", stderr);
  try {
    const uring::runtime refused;
  } catch (const uring::unavailable& refusal) {
    std::fprintf(stderr, "%s: %s", refusal.what(), refusal.why().remedy.c_str());
    std::exit(1);
  }
  std::exit(0);
}

TEST_F(uring_faults, a_refused_ring_is_a_failed_start_with_a_remedy) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(construct_behind_filter(EPERM), testing::ExitedWithCode(1),
              "seccomp filter forbids io_uring.*allow io_uring_setup");
}

}  // namespace
}  // namespace tailrace::conformance
