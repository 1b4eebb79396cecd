// SPDX-License-Identifier: MIT
// Micro benchmarks of values that go from task to task. ping_pong has the shape and size of
// Tokio's.
#pragma once

#include <cstddef>

#include "runtimes/extensions.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"
#include "workloads/micro/channel.hpp"
#include "workloads/micro/measured.hpp"
#include "workloads/micro/oneshot.hpp"

namespace tailrace::micro {

// The pong is sent whatever the ping was, or the other side would wait for ever.
template <class R>
task<void> answer_ping(oneshot<R, int>& ping, oneshot<R, int>& pong, measured& run) {
  const auto received = co_await ping.wait();
  if (!received) run.fail(received.error());
  pong.set(1);
}

template <class R>
task<void> play_ping_pong(R& runtime, scope<R>& players, measured& run) {
  oneshot<R, int> ping(runtime);
  oneshot<R, int> pong(runtime);
  players.spawn(answer_ping(ping, pong, run));
  ping.set(1);
  const auto received = co_await pong.wait();
  if (!received) run.fail(received.error());
}

// 1000 pairs of tasks; the first of a pair spawns the second, and a value goes there and back
// through two oneshots. Per pair.
template <class R>
  requires HasEvent<R>
task<void> ping_pong(R& runtime, measured& run) {
  constexpr std::size_t pairs = tasks_up_to<R>(2 * 1000) / 2;
  while (run.batch(pairs)) {
    scope<R> players(runtime);
    for (std::size_t i = 0; i < pairs; ++i)
      players.spawn(play_ping_pong(runtime, players, run));
    co_await players.join();
  }
}

template <class R>
task<void> receive_all(channel<R, int>& from) {
  for (;;) {
    const auto received = co_await from.receive();
    if (!received) co_return;
  }
}

// One task sends to another through a bounded channel. Per message.
template <class R>
task<void> pass_messages(R& runtime, measured& run, std::size_t capacity) {
  constexpr int messages = 1000;
  channel<R, int> between(runtime, capacity);
  scope<R> receivers(runtime);
  receivers.spawn(receive_all<R>(between));
  while (run.batch(messages)) {
    for (int i = 0; i < messages; ++i) {
      const io_result sent = co_await between.send(i);
      run.expect(sent);
    }
  }
  between.close();
  co_await receivers.join();
}

template <class R>
  requires HasEvent<R>
task<void> channel_handoff(R& runtime, measured& run) {
  return pass_messages(runtime, run, 1);
}

template <class R>
  requires HasEvent<R>
task<void> channel_buffered(R& runtime, measured& run) {
  return pass_messages(runtime, run, 128);
}

}  // namespace tailrace::micro
