// SPDX-License-Identifier: MIT
// An echo round trip on the local executor allocates nothing after warm-up: malloc and its kin are
// interposed in this executable and counted on the runtime's thread. Its atomic operations are
// looked for in this executable's machine code by no_locked_instructions.sh. Each guard has a
// control that must be found, so that a guard gone blind fails.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <thread>

#include "conformance_client.hpp"
#include "echo.hpp"
#include "local/runtime.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TAILRACE_INTERPOSES false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TAILRACE_INTERPOSES false
#endif
#endif
#ifndef TAILRACE_INTERPOSES
#define TAILRACE_INTERPOSES true
#endif

namespace {

thread_local bool counted_thread = false;
std::atomic<std::size_t> allocations{0};

// Not inlined: its atomic instruction would stand in functions that are judged for theirs.
[[maybe_unused, gnu::noinline]] void count_allocation() {
  // relaxed: read by the test after it has received the echo, which orders the two well enough.
  if (counted_thread) allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

#if TAILRACE_INTERPOSES
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  count_allocation();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  count_allocation();
  return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  count_allocation();
  return __libc_realloc(block, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count_allocation();
  return __libc_memalign(alignment, size);
}
}
#endif

namespace tailrace {
namespace {

using local_counts = counts_of<local::runtime>;

struct echo_server {
  local::runtime runtime;
  local_counts counts;
  conformance::gate listening;
  std::uint16_t port = 0;
};

task<void> serve(echo_server& server) {
  counted_thread = true;
  const endpoint where;
  auto listener = server.runtime.listen(where);
  server.port = listener->port();
  server.listening.set();
  co_await serve_echo<local::runtime>(server.runtime, *listener, server.counts);
}

// The control: echoes once, and allocates while it does.
task<void> serve_wastefully(echo_server& server) {
  counted_thread = true;
  const endpoint where;
  auto listener = server.runtime.listen(where);
  server.port = listener->port();
  server.listening.set();
  auto peer = co_await listener->accept();
  for (;;) {
    const auto received = co_await peer->receive();
    if (received.bytes().empty()) co_return;
    const std::string copy(received.bytes().size() + 100, 'x');
    const auto answer = std::as_bytes(std::span(copy)).first(received.bytes().size());
    const io_result sent = co_await peer->send_all(answer);
    EXPECT_TRUE(sent.ok());
  }
}

std::size_t allocations_of_1000_round_trips(task<void> (*main)(echo_server&)) {
  echo_server server;
  std::thread running([&] { server.runtime.run(main(server)); });
  server.listening.wait();
  std::size_t during = 0;
  {
    conformance::socket_client peer(server.port);
    const auto round_trips = [&](int count) {
      for (int i = 0; i < count; ++i) {
        peer.send("some bytes");
        EXPECT_EQ(peer.receive(10).size(), 10u);
      }
    };
    round_trips(10);
    const std::size_t before = allocations.load(std::memory_order_relaxed);
    round_trips(1000);
    during = allocations.load(std::memory_order_relaxed) - before;
  }
  server.runtime.request_stop();
  running.join();
  return during;
}

TEST(local_round_trip, allocates_nothing_after_warm_up) {
  if (!TAILRACE_INTERPOSES) GTEST_SKIP() << "the sanitizer's allocator is not ours to interpose";
  EXPECT_EQ(allocations_of_1000_round_trips(&serve), 0u);
}

TEST(local_round_trip, control_that_allocates_is_counted) {
  if (!TAILRACE_INTERPOSES) GTEST_SKIP() << "the sanitizer's allocator is not ours to interpose";
  EXPECT_GE(allocations_of_1000_round_trips(&serve_wastefully), 1000u);
}

}  // namespace

// The control of no_locked_instructions.sh: this one does lock.
[[gnu::noinline]] void control_with_shared_counter(worker_counts<true>& counts) {
  counts.received_bytes.add(1);
}

TEST(local_round_trip, control_with_shared_counter_adds) {
  worker_counts<true> counts;
  control_with_shared_counter(counts);
  EXPECT_EQ(counts.received_bytes.get(), 1u);
}

}  // namespace tailrace
