// SPDX-License-Identifier: MIT
// How many allocations a runtime makes for 1000 echo round trips, and for 1000 yields, after
// warm-up. Each has a control that allocates once a time, so that a count gone blind fails. The
// runtime's threads are those that run() uses: its caller, and whoever else has called
// count_allocations_of_this_thread().
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <thread>

#include "runtimes/tests/allocation_count.hpp"
#include "runtimes/tests/conformance_client.hpp"
#include "workloads/echo.hpp"

namespace tailrace::conformance {

template <Runtime R>
struct echo_server {
  R& runtime;
  counts_of<R> counts;
  gate listening;
  std::uint16_t port = 0;
};

template <Runtime R>
task<void> serve(echo_server<R>& server) {
  const endpoint where;
  auto listener = server.runtime.listen(where);
  server.port = listener->port();
  server.listening.set();
  co_await serve_echo<R>(server.runtime, *listener, server.counts);
}

// The control: echoes one connection, and allocates while it does.
template <Runtime R>
task<void> serve_wastefully(echo_server<R>& server) {
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

template <Runtime R>
std::size_t allocations_of_1000_round_trips(R& runtime, task<void> (*main)(echo_server<R>&)) {
  echo_server<R> server{runtime, {}, {}, 0};
  std::thread running([&] {
    count_allocations_of_this_thread();
    runtime.run(main(server));
  });
  server.listening.wait();
  std::size_t during = 0;
  {
    socket_client peer(server.port);
    const auto round_trips = [&](int count) {
      for (int i = 0; i < count; ++i) {
        peer.send("some bytes");
        EXPECT_EQ(peer.receive(10).size(), 10u);
      }
    };
    round_trips(100);
    const std::size_t before = allocations_so_far();
    round_trips(1000);
    during = allocations_so_far() - before;
  }
  runtime.request_stop();
  running.join();
  return during;
}

template <Runtime R>
task<void> yield_a_while(R& runtime, bool wasteful, std::size_t& during) {
  for (int i = 0; i < 100; ++i)
    co_await runtime.yield();
  const std::size_t before = allocations_so_far();
  for (int i = 0; i < 1000; ++i) {
    co_await runtime.yield();
    if (wasteful) static_cast<void>(std::string(200, 'x'));
  }
  during = allocations_so_far() - before;
}

template <Runtime R>
std::size_t allocations_of_1000_yields(R& runtime, bool wasteful) {
  std::size_t during = 0;
  std::thread running([&] {
    count_allocations_of_this_thread();
    runtime.run(yield_a_while(runtime, wasteful, during));
  });
  running.join();
  return during;
}

}  // namespace tailrace::conformance
