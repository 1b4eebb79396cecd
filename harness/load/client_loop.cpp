// SPDX-License-Identifier: MIT
// The turn of the loop: waiting, phases, CPU time. See client_loop.hpp.
#include "harness/load/client_loop.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

#include "harness/load/bug_check.hpp"
#include "harness/observe/clock.hpp"

namespace tailrace::load {
namespace {

constexpr std::int64_t wait_ns_max =
    20 * observe::ns_per_ms;  // so that a stop request is seen soon
constexpr std::int64_t spin_before_due_ns = 100 * observe::ns_per_us;

}  // namespace

client_loop::client_loop(std::vector<connection>& connections, const plan& wanted,
                         const std::vector<class_plan>& classes)
    : connections_(connections),
      plan_(wanted),
      tally_(*classes.front().into),
      random_(scramble(wanted.seed + 77)),
      answers_(*wanted.format),
      end_ns_(wanted.end_ns) {
  check(!reconnects() || wanted.endpoints != nullptr, "HTTP has servers to connect to again");
  for (const class_plan& each : classes) {
    check((each.schedule != nullptr) == wanted.open, "the open loop, and only it, has a schedule");
    lanes_.push_back({.schedule = each.schedule, .counted = each.into});
  }
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    connection& one = connections_[i];
    check(one.load_class < lanes_.size(), "a connection's class is known", one.load_class);
    if (!one.alive) continue;
    std::vector<std::uint32_t>& alive = lanes_[one.load_class].alive;
    one.alive_position = static_cast<std::uint32_t>(alive.size());
    alive.push_back(i);
  }
  for (lane& each : lanes_)
    if (each.schedule != nullptr && each.schedule->next_ns() != arrivals::none)
      each.next_due_ns = plan_.start_ns + each.schedule->next_ns();
}

bool client_loop::all_lost() const noexcept {
  return std::ranges::all_of(lanes_, [](const lane& each) { return each.alive.empty(); });
}

void client_loop::run() {
  last_clock_ns_ = observe::monotonic_ns();
  look_for_ends();
  next_due_ns_ = next_due().next_due_ns;
  watch_phase();
  if (!plan_.open) prime();
  while (!finished())
    turn();
  if (all_lost())
    tally_.all_connections_lost =
        phase_ != phase::drain || std::ranges::any_of(lanes_, [](const lane& each) {
          return each.counted->counts.errors > 0;
        });
  if (phase_ == phase::measured) note_cpu_time(+1);
  for (lane& each : lanes_)
    abandon_schedule(each);
  settle();
  look_for_extra_bytes();
  tally_.finished_ns = last_clock_ns_;
  for (const lane& each : lanes_)
    each.counted->windows.finish();
}

// What the server ended since the slice before, while nothing is due yet that could be sent on it.
// Bounded: what is made again meanwhile may end again.
void client_loop::look_for_ends() {
  for (std::size_t seen = 0; seen < connections_.size();) {
    const int events = wait(0);
    if (events == 0) return;
    handle(events);
    seen += static_cast<std::size_t>(events);
  }
}

bool client_loop::finished() const noexcept {
  if (all_lost()) return true;
  if (phase_ != phase::drain) return false;
  if (open_requests_ + late_requests_ == 0 && next_due_ns_ == arrivals::none) return true;
  return last_clock_ns_ >= end_ns_ + plan_.drain_ns;
}

void client_loop::turn() {
  const std::int64_t before = last_clock_ns_;
  const int events = wait(time_to_wait());
  last_clock_ns_ = observe::monotonic_ns();
  const bool idle = events == 0 && next_due_ns_ > last_clock_ns_;
  // The first idle turn after a busy one still holds the tail of that work, so it is not counted.
  if (idle && idle_turn_ && plan_.spin && phase_ == phase::measured)
    tally_.idle_spin_ns += last_clock_ns_ - before;
  idle_turn_ = idle;
  send_due();
  handle(events);
  watch_phase();
  expire_some();
  connect_those_in_line();
}

std::int64_t client_loop::time_to_wait() const noexcept {
  if (plan_.spin) return 0;
  return std::min(wait_ns_max, next_due_ns_ - last_clock_ns_ - spin_before_due_ns);
}

void client_loop::read_clock() noexcept {
  last_clock_ns_ = observe::monotonic_ns();
}

void client_loop::watch_phase() {
  // relaxed: pairs with the store in request_stop() or a test; only the flag itself is
  // communicated.
  if (plan_.stop->load(std::memory_order_relaxed) && last_clock_ns_ < end_ns_) [[unlikely]]
    stop_early();
  if (phase_ == phase::warmup && last_clock_ns_ >= std::min(plan_.start_ns, end_ns_)) {
    phase_ = phase::measured;
    note_cpu_time(-1);
  }
  if (phase_ == phase::measured && last_clock_ns_ >= end_ns_) {
    phase_ = phase::drain;
    note_cpu_time(+1);
    if (!plan_.open)
      for (const lane& each : lanes_)
        for (const auto index : each.alive)
          drop_queue(connections_[index]);
  }
}

void client_loop::note_cpu_time(std::int64_t sign) noexcept {
  rusage used{};
  check(::getrusage(RUSAGE_THREAD, &used) == 0, "getrusage answers", errno);
  tally_.user_us += sign * (used.ru_utime.tv_sec * 1'000'000 + used.ru_utime.tv_usec);
  tally_.system_us += sign * (used.ru_stime.tv_sec * 1'000'000 + used.ru_stime.tv_usec);
}

}  // namespace tailrace::load
