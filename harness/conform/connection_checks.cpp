// SPDX-License-Identifier: MIT
// Checks with many connections, and with connections that end badly. See check.hpp.
#include <poll.h>
#include <sys/resource.h>

#include <array>
#include <vector>

#include "harness/conform/check.hpp"
#include "harness/conform/checked_target.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/observe/proc_text.hpp"

namespace tailrace::conform {
namespace {

int connections_possible(int wanted) {
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  const auto limit = static_cast<std::int64_t>(std::min<rlim_t>(descriptors.rlim_cur, 1 << 20));
  return static_cast<int>(std::min<std::int64_t>(wanted, limit - 64));
}

void reset_hurts_no_other(context& with) {
  checked_target target(with, "echo");
  peer other = target.connect(1);
  other.echo(64);
  peer stuck = target.connect(2);
  stuck.push(1 << 20, 0.05);
  stuck.reset();
  other.echo(1000);
  peer waiting = target.connect(3);
  waiting.echo(64);
  waiting.reset();
  const count_map counts = target.await_count("open", 1);
  other.echo(1000);
  require(counts.at("resets") == 2,
          "two connections were reset, 'resets' is " + std::to_string(counts.at("resets")));
  require(counts.at("errors") == 0, "a reset was counted as an error");
}

void many_connections(context& with) {
  checked_target target(with, "echo");
  const int count = connections_possible(1000);
  target.require_room(count);
  std::vector<peer> peers;
  for (int i = 0; i < count; ++i)
    peers.push_back(target.connect(static_cast<std::uint64_t>(i)));
  for (peer& each : peers)
    each.echo(64);
  target.await_count("open", count);
  // They were idle since: each still answers.
  for (peer& each : peers)
    each.echo(1);
  peers.clear();
  target.await_count("open", 0);
}

void churn(context& with) {
  checked_target target(with, "echo");
  target.connect(0).echo(64);
  target.await_count("open", 0);
  const auto before = observe::open_descriptors(target.ready().pid);
  constexpr int cycles = 500;
  for (int i = 0; i < cycles; ++i) {
    peer each = target.connect(static_cast<std::uint64_t>(i));
    if (i % 4 != 0) each.echo(64);
    if (i % 2 != 0) each.reset();
  }
  const count_map counts = target.await_count("accepted", cycles + 1);
  require(counts.at("accepted") == cycles + 1, "connections were accepted that nobody made");
  target.await_count("open", 0);
  const auto after = observe::open_descriptors(target.ready().pid);
  if (!before || !after) return;
  require(*after <= *before, "after " + std::to_string(cycles) + " connections came and went, " +
                                 std::to_string(*after - *before) + " more descriptors are open");
}

// Connections whose accept waits for a descriptor. Each is to be answered in the end, or turned
// away by an end or a reset, as libuv does with all that wait; none may be left without a word.
struct waiting_room {
  std::vector<peer> waiting;
  std::vector<peer> answered;
  int turned_away = 0;
};

// Takes out of `waiting` those that get their answer or are turned away, until none is for
// `quiet_s`.
int take_served(context& with, waiting_room& room, double quiet_s) {
  std::vector<peer>& waiting = room.waiting;
  int taken = 0;
  for (;;) {
    std::vector<pollfd> watched;
    for (const peer& each : waiting)
      watched.push_back({each.descriptor(), POLLIN, 0});
    if (watched.empty()) return taken;
    if (::poll(watched.data(), watched.size(), static_cast<int>(quiet_s * 1000)) <= 0) return taken;
    for (std::size_t i = waiting.size(); i-- > 0;) {
      if (watched[i].revents == 0) continue;
      if (waiting[i].answers(with.wait_s())) {
        room.answered.push_back(std::move(waiting[i]));
      } else {
        require(waiting[i].ended(), "a connection got a part of its bytes and then nothing");
        ++room.turned_away;
      }
      if (i + 1 < waiting.size()) waiting[i] = std::move(waiting.back());
      waiting.pop_back();
      ++taken;
    }
  }
}

void require_not_spinning(checked_target& target) {
  constexpr double window_s = 0.6;
  // A target that waits needs a hundredth or so; one that spins takes what it can get, which on a
  // machine that others use may be a quarter of a CPU.
  constexpr double share_of_waiting = 0.12;
  const auto before = observe::read_process_use(target.ready().pid);
  target.session().drain_for(window_s);
  const auto after = observe::read_process_use(target.ready().pid);
  if (!before || !after) return;
  const auto used_ns = static_cast<double>(after->cpu_ns - before->cpu_ns);
  require(used_ns < share_of_waiting * window_s * 1e9, "it spins while it waits for a descriptor");
}

void out_of_descriptors(context& with) {
  constexpr int limit = 128;
  constexpr int wanted = 300;
  if (connections_possible(wanted) < wanted) skip("our own open-file limit");
  checked_target target(with, "echo", {.descriptor_limit = limit});
  waiting_room room;
  for (int i = 0; i < wanted; ++i) {
    room.waiting.push_back(target.connect(static_cast<std::uint64_t>(i)));
    room.waiting.back().push(16, 1);
  }
  take_served(with, room, 0.4);
  require(!room.answered.empty(), "no connection at all was served");
  if (room.answered.size() == wanted) skip("the limit had no effect: it serves 300 of 300");
  require_not_spinning(target);
  while (!room.waiting.empty()) {
    room.answered.clear();  // gives descriptors back
    if (take_served(with, room, 0.3) > 0) continue;
    require(take_served(with, room, with.wait_s()) > 0,
            std::to_string(room.waiting.size()) +
                " waiting connections were never accepted, though others had closed");
  }
  room.answered.clear();
  target.await_count("open", 0);  // one that turns away could do it once more
  peer late = target.connect(1000);
  late.echo(64);
  // A target whose library turned them away without telling has nothing to count.
  if (room.turned_away == 0)
    require(target.sample().at("accept_errors") > 0, "'accept_errors' counts none of them");
}

void two_workers(context& with) {
  checked_target target(with, "echo", {.workers = 2});
  target.require_room(50);
  require(target.ready().workers == 2, "ready does not tell of 2 workers");
  std::vector<peer> peers;
  for (int i = 0; i < 50; ++i) {
    peers.push_back(target.connect(static_cast<std::uint64_t>(i)));
    peers.back().echo(1000);
  }
  target.await_count("open", 50);
  for (peer& each : peers)
    each.echo(64);
  const count_map counts = target.stop().counts;
  require(counts.at("accepted") == 50, "50 connections, accepted is not 50");
  require(counts.at("sent_bytes") == 50 * 1064, "bytes of two workers do not add up");
}

void port_in_use(context& with) {
  for (const int workers : {1, 2}) {
    checked_target first(with, "echo", {.workers = workers});
    const int port = std::stoi(first.address().substr(first.address().rfind(':') + 1));
    const refused_run second =
        run_refused(with, request_of(with, "echo", {.workers = workers, .port = port}));
    require(second.exit_code != 0, "exit code 0 though the port is in use");
    first.connect(1).echo(64);
  }
}

}  // namespace

std::span<const check> connection_checks() {
  static constexpr std::array checks{
      check{"reset_hurts_no_other", "RST mid-message ends that connection alone, counted",
            reset_hurts_no_other},
      check{"many_connections", "up to 1000 open at once, all answer, also later",
            many_connections},
      check{"churn", "500 connections come and go, no descriptor stays", churn},
      check{"out_of_descriptors", "survives, does not spin, accepts again", out_of_descriptors},
      check{"two_workers", "--workers 2 serves and adds up", two_workers},
      check{"port_in_use", "a second instance gets an error event and a non-zero exit", port_in_use,
            depends::on_nothing},
  };
  return checks;
}

}  // namespace tailrace::conform
