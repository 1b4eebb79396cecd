// SPDX-License-Identifier: MIT
// A workload's server and its clients inside one simulation: clients send seeded pieces of a
// pattern, end their side, and check that what comes back is what they sent. Everything that can go
// wrong is drawn from one seed, which is printed when a check aborts and named in every failure.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtimes/sim/runtime.hpp"
#include "workloads/hog.hpp"
#include "workloads/idle.hpp"

namespace tailrace::workload_tests {

using R = sim::runtime;

struct plan {
  sim::options options;
  int clients = 3;
  int messages = 4;
  std::uint64_t message_bytes_max = 40'000;
  std::uint64_t sleepers = 0;
  std::optional<hog_rules> hog = {};  // serves hog in place of idle
};

struct client_outcome {
  std::uint64_t sent_bytes = 0;      // that send_all() has confirmed
  std::uint64_t received_bytes = 0;  // all of them the expected ones
  bool wrong = false;                // a byte that was not the expected one
  bool ended = false;                // saw the end of the stream
  int error = 0;                     // the first
};

struct outcome {
  std::vector<client_outcome> clients;
  counts_of<R> counts;
  stop_flag stopped{false};  // burns are never cut short
  std::uint64_t steps = 0;
  std::uint64_t asleep_at_end = 0;  // sleepers, when the last client had gone
  bool clients_done = false;
  std::chrono::nanoseconds elapsed{};
};

// A client's number comes first, as the workload hog wants it.
inline std::byte pattern_at(std::uint64_t client, std::uint64_t position) {
  if (position < 8) return static_cast<std::byte>((client >> (8 * position)) & 0xff);
  return static_cast<std::byte>((position * 131 + client * 17 + position / 251) & 0xff);
}

inline task<void> send_messages(const plan& chosen, R::stream& server, std::uint64_t number,
                                client_outcome& result) {
  sim::random random(chosen.options.seed * 1000 + number);
  for (int i = 0; i < chosen.messages; ++i) {
    std::vector<std::byte> message(1 + random.below(chosen.message_bytes_max));
    for (std::size_t at = 0; at < message.size(); ++at)
      message[at] = pattern_at(number, result.sent_bytes + at);
    const io_result sent = co_await server.send_all(message);
    if (!sent.ok()) {
      if (result.error == 0) result.error = sent.error();
      co_return;
    }
    result.sent_bytes += sent.count();
  }
  server.end();
}

inline task<void> talk(R& runtime, const plan& chosen, std::uint16_t port, std::uint64_t number,
                       client_outcome& result) {
  auto server = runtime.connect(port);
  if (!server) co_return;
  scope<R> sending(runtime);
  sending.spawn(send_messages(chosen, *server, number, result));
  for (;;) {
    const auto received = co_await server->receive();
    if (!received.status().ok() && result.error == 0) result.error = received.status().error();
    if (received.bytes().empty()) {
      result.ended = received.status().ok();
      break;
    }
    for (const std::byte byte : received.bytes())
      result.wrong |= byte != pattern_at(number, result.received_bytes++);
  }
  if (!result.ended) sending.request_stop();
  co_await sending.join();
}

inline task<void> serve(R& runtime, R::listener& listener, const plan& chosen, outcome& result) {
  if (chosen.hog)
    return serve_hog<R>(runtime, listener, *chosen.hog, result.counts, result.stopped);
  return serve_idle<R>(runtime, listener, chosen.sleepers, result.counts);
}

inline task<void> drive(R& runtime, const plan& chosen, outcome& result) {
  const endpoint where;
  auto listener = runtime.listen(where);
  scope<R> server(runtime);
  server.spawn(serve(runtime, *listener, chosen, result));
  {
    scope<R> clients(runtime);
    for (std::size_t i = 0; i < result.clients.size(); ++i)
      clients.spawn(talk(runtime, chosen, listener->port(), i, result.clients[i]));
    co_await clients.join();
  }
  const bool stopped = co_await stop_requested();
  result.clients_done = !stopped;
  result.asleep_at_end = result.counts.fell_asleep.get() - result.counts.woke.get();
  runtime.request_stop();
  co_await server.join();
}

// Runs the plan; what it leaves to no seed to break is checked here.
inline void simulate(const plan& chosen, outcome& result) {
  result.clients.resize(static_cast<std::size_t>(chosen.clients));
  R runtime(chosen.options);
  const auto begin = runtime.now();
  runtime.run(drive(runtime, chosen, result));
  result.elapsed = runtime.now() - begin;
  result.steps = runtime.steps();

  EXPECT_EQ(result.counts.accepted.get(), result.counts.closed.get());
  EXPECT_LE(result.counts.accepted.get(), result.clients.size());
  EXPECT_GE(result.counts.received_bytes.get(), result.counts.sent_bytes.get());
  EXPECT_EQ(result.counts.errors.get(), 0u);
  EXPECT_EQ(result.counts.fell_asleep.get(), result.counts.woke.get());
  EXPECT_EQ(result.counts.woken_early.get(), 0u);
  for (const client_outcome& client : result.clients) {
    EXPECT_FALSE(client.wrong);
    if (client.ended) {
      EXPECT_EQ(client.received_bytes, client.sent_bytes);
    }
  }
}

// The seeds to run: 1 to count, or the one of TAILRACE_SIM_SEED.
inline std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const char* const one = std::getenv("TAILRACE_SIM_SEED"))
    return {std::strtoull(one, nullptr, 10)};
  std::vector<std::uint64_t> all(count);
  for (std::uint64_t i = 0; i < count; ++i)
    all[i] = i + 1;
  return all;
}

}  // namespace tailrace::workload_tests
