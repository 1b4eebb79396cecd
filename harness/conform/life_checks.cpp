// SPDX-License-Identifier: MIT
// Checks of samples, commands and the ways to end. See check.hpp.
#include <array>
#include <string>
#include <vector>

#include "harness/conform/check.hpp"
#include "harness/conform/checked_target.hpp"
#include "harness/observe/machine_limits.hpp"

namespace tailrace::conform {
namespace {

std::vector<peer> open_peers(const checked_target& target, int count) {
  std::vector<peer> peers;
  for (int i = 0; i < count; ++i) {
    peers.push_back(target.connect(static_cast<std::uint64_t>(i)));
    peers.back().echo(64);
  }
  return peers;
}

template <class Event>
Event expect(checked_target& target, const char* kind) {
  const auto event = target.session().next_event(context::stop_limit_s, kind);
  require(event.has_value(), std::string("output ended where a '") + kind + "' event was due");
  const auto* const found = std::get_if<Event>(&*event);
  require(found != nullptr, std::string("another event came where '") + kind + "' was due");
  return *found;
}

void samples_add_up(context& with) {
  checked_target target(with, "echo");
  const count_map first = target.sample();
  for (const auto& [name, value] : first) {
    require(value == 0, "before any connection count '" + name + "' is not 0");
  }
  std::vector<peer> peers = open_peers(target, 3);
  count_map counts = target.await_count("received_bytes", 3 * 64);
  counts = target.await_count("sent_bytes", 3 * 64);
  require(counts["accepted"] == 3 && counts["open"] == 3, "3 open connections are not 3");
  peers[0].echo(100'000);
  target.await_count("sent_bytes", 3 * 64 + 100'000);
  peers.pop_back();
  counts = target.await_count("open", 2);
  require(counts["closed"] == 1, "one closed connection is not 1");
  const count_map last = target.stop().counts;
  require(last.at("received_bytes") == 3 * 64 + 100'000, "received_bytes of the result is wrong");
  require(last.at("sent_bytes") == 3 * 64 + 100'000, "sent_bytes of the result is wrong");
  require(last.at("closed") == 3, "closed of the result is not 3");
}

void samples_tell_the_time(context& with) {
  checked_target target(with, "echo");
  for (int i = 0; i < 3; ++i) {
    const std::int64_t before = observe::monotonic_ns();
    target.session().send("sample");
    const auto event = expect<session::sample_event>(target, "sample");
    require(event.t_ns >= before && event.t_ns <= observe::monotonic_ns(),
            "t_ns of a sample is not CLOCK_MONOTONIC between command and answer");
  }
}

void unknown_commands(context& with) {
  checked_target target(with, "echo");
  session::target_session& session = target.session();
  session.start();  // served workloads ignore it
  session.send("fly");
  expect<session::error_event>(target, "error");
  session.send(std::string(100'000, 'x'));
  expect<session::error_event>(target, "error");
  // In pieces: a command is a line, not a read.
  session.child().write("sam");
  session.drain_for(0.002);
  session.child().write("ple\n");
  expect<session::sample_event>(target, "sample");
  target.connect(1).echo(64);
  target.stop();
}

// Streams on all until the target ends them; `stop` is sent in the middle of it.
void stop_under_load(context& with) {
  checked_target target(with, "echo");
  std::vector<peer> peers = open_peers(target, 20);
  const std::int64_t until = with.soon();
  std::vector<char> alive(peers.size(), 1);
  bool stopped = false;
  for (std::size_t ended = 0; ended < peers.size();) {
    require(observe::monotonic_ns() < until, "connections are still open after stop");
    std::uint64_t received = 0;
    for (std::size_t i = 0; i < peers.size(); ++i) {
      if (alive[i] != 0 && !peers[i].pump(32 * 1024)) {
        alive[i] = 0;
        ++ended;
      }
      received += peers[i].received();
    }
    require(stopped || ended == 0, "a connection ended before stop");
    if (!stopped && received > (8U << 20)) {
      target.session().send("stop");
      stopped = true;
    }
  }
  const count_map counts = target.await_stop().counts;
  require(counts.at("accepted") == 20, "20 connections, accepted is not 20");
  require(counts.at("sent_bytes") <= counts.at("received_bytes"), "more sent than received");
  require(counts.at("sent_bytes") >= (8 << 20), "sent_bytes is less than what arrived");
}

void stop_with_idle_connections(context& with) {
  checked_target target(with, "echo");
  std::vector<peer> peers = open_peers(target, 50);
  const count_map counts = target.stop().counts;
  require(counts.at("accepted") == 50, "50 connections, accepted is not 50");
  for (peer& each : peers)
    each.await_end();
}

void stop_with_a_stuck_connection(context& with) {
  checked_target target(with, "echo");
  peer stuck = target.connect(1);
  stuck.push(64U << 20, 0.1);
  target.stop();
}

// The shape itself is looked at in every result.
void metrics_have_their_shape(context& with) {
  for (const int workers : {1, 2}) {
    checked_target target(with, "echo", {.workers = workers});
    std::vector<peer> peers = open_peers(target, 4);
    target.stop();
  }
}

void input_closed(context& with) {
  for (const int connections : {0, 20}) {
    checked_target target(with, "echo");
    std::vector<peer> peers = open_peers(target, connections);
    target.end_by_closed_input();
  }
}

void terminated(context& with) {
  checked_target target(with, "echo");
  std::vector<peer> peers = open_peers(target, 5);
  target.end_by_sigterm();
}

void idle_serves(context& with) {
  require_workload(with, "idle", {});
  checked_target target(with, "idle");
  std::vector<peer> peers = open_peers(target, 10);
  const count_map counts = target.await_count("open", 10);
  require(count_at(counts, "sleeping") == 0, "tasks sleep that nobody asked for");
  require(count_at(counts, "woken_early") == 0, "tasks woke early that nobody asked for");
  target.stop();
}

void idle_tasks(context& with) {
  require_workload(with, "idle", {});
  if (with.described.option("idle", "tasks") == nullptr) skip("it has no option tasks");
  {
    checked_target without(with, "idle");
    without.require_room(1000 + 2);  // a connection, and who waits for the tasks
  }
  checked_target target(with, "idle", {.options = {{"tasks", "1000"}}});
  count_map counts = target.sample();
  if (counts["refused"] != 0)
    skip("the machine refused " + std::to_string(counts["refused"]) +
         " of 1000 tasks: " + observe::threads_limit().set_by);
  require(counts["sleeping"] == 1000,
          "ready, and " + std::to_string(counts["sleeping"]) + " of 1000 tasks sleep");
  peer connection = target.connect(1);
  connection.echo(64);
  counts = target.stop().counts;
  require(counts["sleeping"] == 0, "tasks still sleep in the result");
  require(counts["woken_early"] == 0, "tasks woke early");
}

}  // namespace

std::span<const check> life_checks() {
  static constexpr std::array checks{
      check{"samples_add_up", "counts grow and equal what was sent", samples_add_up,
            depends::on_nothing},
      check{"samples_tell_the_time", "t_ns is CLOCK_MONOTONIC", samples_tell_the_time,
            depends::on_nothing},
      check{"unknown_commands", "answered by an error event, then it goes on", unknown_commands,
            depends::on_nothing},
      check{"stop_under_load", "result and exit 0 within 5 s while 20 stream", stop_under_load},
      check{"stop_with_idle_connections", "the same with 50 idle, which are closed",
            stop_with_idle_connections},
      check{"stop_with_a_stuck_connection", "the same with a peer that reads nothing",
            stop_with_a_stuck_connection},
      check{"metrics_have_their_shape", "integers, or lists with one a worker; none negative",
            metrics_have_their_shape, depends::on_nothing},
      check{"input_closed", "exits when standard input ends", input_closed, depends::on_nothing},
      check{"terminated", "SIGTERM ends it", terminated, depends::on_nothing},
      check{"idle_serves", "workload idle is the echo server", idle_serves, depends::on_nothing},
      check{"idle_tasks", "1000 tasks sleep at ready, none in the result", idle_tasks,
            depends::on_nothing},
  };
  return checks;
}

}  // namespace tailrace::conform
