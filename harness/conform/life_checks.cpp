// SPDX-License-Identifier: MIT
// Checks of samples, commands and the ways to end. See check.hpp.
#include <poll.h>
#include <signal.h>

#include <array>
#include <ctime>
#include <thread>
#include <vector>

#include "harness/conform/check.hpp"
#include "harness/conform/peer.hpp"
#include "harness/conform/target_child.hpp"

namespace tailrace::conform {
namespace {

std::int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

std::vector<peer> open_peers(const context& with, const std::string& address, int count) {
  std::vector<peer> peers;
  for (int i = 0; i < count; ++i) {
    peers.emplace_back(with, address, static_cast<std::uint64_t>(i));
    peers.back().echo(64);
  }
  return peers;
}

void samples_add_up(context& with) {
  running_target target(with, "echo");
  const count_map first = target.sample();
  for (const auto& [name, value] : first) {
    require(value == 0, "before any connection count '" + name + "' is not 0");
  }
  std::vector<peer> peers = open_peers(with, target.address(), 3);
  count_map counts = target.await_count("received_bytes", 3 * 64);
  counts = target.await_count("sent_bytes", 3 * 64);
  require(counts["accepted"] == 3 && counts["open"] == 3, "3 open connections are not 3");
  peers[0].echo(100'000);
  target.await_count("sent_bytes", 3 * 64 + 100'000);
  peers.pop_back();
  counts = target.await_count("open", 2);
  require(counts["closed"] == 1, "one closed connection is not 1");
  const count_map last = target.stop();
  require(last.at("received_bytes") == 3 * 64 + 100'000, "received_bytes of the result is wrong");
  require(last.at("sent_bytes") == 3 * 64 + 100'000, "sent_bytes of the result is wrong");
  require(last.at("closed") == 3, "closed of the result is not 3");
}

void samples_tell_the_time(context& with) {
  running_target target(with, "echo");
  for (int i = 0; i < 3; ++i) {
    const std::int64_t before = monotonic_ns();
    target.child().command("sample");
    const target_event event = target.child().expect("sample", with.soon());
    require(event.t_ns >= before && event.t_ns <= monotonic_ns(),
            "t_ns of a sample is not CLOCK_MONOTONIC between command and answer");
  }
}

void unknown_commands(context& with) {
  running_target target(with, "echo");
  target.child().command("start");  // served workloads ignore it
  target.child().command("fly");
  target.child().expect("error", with.soon());
  target.child().write_raw(std::string(100'000, 'x') + "\n");
  target.child().expect("error", with.soon());
  // In pieces: a command is a line, not a read.
  target.child().write_raw("sam");
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  target.child().write_raw("ple\n");
  target.child().expect("sample", with.soon());
  peer(with, target.address(), 1).echo(64);
  target.stop();
}

// Streams on all until the target ends them; `stop` is sent in the middle of it.
void stop_under_load(context& with) {
  running_target target(with, "echo");
  std::vector<peer> peers = open_peers(with, target.address(), 20);
  const steady::time_point until = with.soon();
  std::vector<char> alive(peers.size(), 1);
  bool stopped = false;
  for (std::size_t ended = 0; ended < peers.size();) {
    require(steady::now() < until, "connections are still open after stop");
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
      target.child().command("stop");
      stopped = true;
    }
  }
  const count_map counts = target.await_result();
  require(counts.at("accepted") == 20, "20 connections, accepted is not 20");
  require(counts.at("sent_bytes") <= counts.at("received_bytes"), "more sent than received");
  require(counts.at("sent_bytes") >= (8 << 20), "sent_bytes is less than what arrived");
}

void stop_with_idle_connections(context& with) {
  running_target target(with, "echo");
  std::vector<peer> peers = open_peers(with, target.address(), 50);
  const count_map counts = target.stop();
  require(counts.at("accepted") == 50, "50 connections, accepted is not 50");
  for (peer& each : peers)
    each.await_end();
}

void stop_with_a_stuck_connection(context& with) {
  running_target target(with, "echo");
  peer stuck(with, target.address(), 1);
  stuck.push(64U << 20, std::chrono::milliseconds(100));
  target.stop();
}

// The shape itself is looked at in every result.
void metrics_have_their_shape(context& with) {
  for (const char* workers : {"1", "2"}) {
    running_target target(with, "echo", {"--workers", workers});
    std::vector<peer> peers = open_peers(with, target.address(), 4);
    target.stop();
  }
}

void input_closed(context& with) {
  for (const int connections : {0, 20}) {
    running_target target(with, "echo");
    std::vector<peer> peers = open_peers(with, target.address(), connections);
    target.child().close_input();
    target.child().exit_code(steady::now() + with.stop_limit());
  }
}

void terminated(context& with) {
  running_target target(with, "echo");
  std::vector<peer> peers = open_peers(with, target.address(), 5);
  target.child().signal(SIGTERM);
  target.child().exit_code(steady::now() + with.stop_limit());
}

void idle_serves(context& with) {
  if (std::ranges::find(with.described.workloads, "idle") == with.described.workloads.end()) {
    throw check_skipped("it has no workload idle");
  }
  running_target target(with, "idle");
  std::vector<peer> peers = open_peers(with, target.address(), 10);
  const count_map counts = target.await_count("open", 10);
  require(counts.at("sleeping") == 0, "tasks sleep that nobody asked for");
  target.stop();
}

void idle_tasks(context& with) {
  if (std::ranges::find(with.described.workloads, "idle") == with.described.workloads.end()) {
    throw check_skipped("it has no workload idle");
  }
  if (!with.described.options.contains("tasks")) throw check_skipped("it has no option tasks");
  {
    running_target without(with, "idle");
    without.require_room(1000 + 2);  // a connection, and who waits for the tasks
  }
  running_target target(with, "idle", {"--set", "tasks=1000"});
  count_map counts = target.sample();
  require(counts["sleeping"] == 1000,
          "ready, and " + std::to_string(counts["sleeping"]) + " of 1000 tasks sleep");
  peer connection(with, target.address(), 1);
  connection.echo(64);
  counts = target.stop();
  require(counts["sleeping"] == 0, "tasks still sleep in the result");
  require(counts["woken_early"] == 0, "tasks woke early");
}

constexpr std::array checks{
    check{"samples_add_up", "counts grow and equal what was sent", samples_add_up},
    check{"samples_tell_the_time", "t_ns is CLOCK_MONOTONIC", samples_tell_the_time},
    check{"unknown_commands", "answered by an error event, then it goes on", unknown_commands},
    check{"stop_under_load", "result and exit 0 within 5 s while 20 stream", stop_under_load},
    check{"stop_with_idle_connections", "the same with 50 idle, which are closed",
          stop_with_idle_connections},
    check{"stop_with_a_stuck_connection", "the same with a peer that reads nothing",
          stop_with_a_stuck_connection},
    check{"metrics_have_their_shape", "integers, or lists with one a worker; none negative",
          metrics_have_their_shape},
    check{"input_closed", "exits when standard input ends", input_closed},
    check{"terminated", "SIGTERM ends it", terminated},
    check{"idle_serves", "workload idle is the echo server", idle_serves},
    check{"idle_tasks", "1000 tasks sleep at ready, none in the result", idle_tasks},
};

}  // namespace

std::span<const check> life_checks() {
  return checks;
}

}  // namespace tailrace::conform
