// SPDX-License-Identifier: MIT
// What goes wrong in the loop, and what is left at its end. See client_loop.hpp. Every planned
// request is given exactly one fate here or in complete(); request_counts::check_identities()
// proves it.
#include <unistd.h>

#include <algorithm>

#include "harness/load/client_loop.hpp"
#include "harness/observe/clock.hpp"

namespace tailrace::load {
namespace {

constexpr std::int64_t expiry_period_ns = observe::ns_per_ms;
constexpr std::size_t expiry_share = 100;  // each connection is looked at every 100 ms

}  // namespace

void client_loop::lose(connection& lost, const std::string& cause) {
  tally& into = counted(lost);
  const bool unfinished = lost.first_uncounted() < lost.planned;
  if (unfinished || last_clock_ns_ < end_ns_) ++into.lost_connections[cause];
  for (std::uint64_t i = lost.first_uncounted(); i < lost.started(); ++i) {
    --open_requests_;
    if (!measured(lost.times_of(i).planned_ns)) continue;
    ++into.counts.errors;
    ++into.errors_by_name[cause];
  }
  drop_queue(lost);
  forget(lost);
  ::close(lost.fd);
  lost.fd = -1;
  lost.alive = false;
  std::vector<std::uint32_t>& alive = lanes_[lost.load_class].alive;
  const std::uint32_t moved = alive.back();
  alive[lost.alive_position] = moved;
  connections_[moved].alive_position = lost.alive_position;
  alive.pop_back();
}

// Gives up what was queued and not begun. In the closed loop it was never counted as planned.
void client_loop::drop_queue(connection& from) noexcept {
  for (std::uint64_t i = from.started(); i < from.planned; ++i) {
    --open_requests_;
    if (plan_.open && measured(from.times_of(i).planned_ns)) ++counted(from).counts.never_sent;
  }
  from.planned = from.started();
}

void client_loop::expire_some() {
  if (last_clock_ns_ < next_expiry_ns_) return;
  next_expiry_ns_ = last_clock_ns_ + expiry_period_ns;
  for (lane& each : lanes_) {
    if (each.alive.empty()) continue;
    const std::size_t count = each.alive.size() / expiry_share + 1;
    for (std::size_t i = 0; i < count; ++i) {
      each.expiry_cursor = (each.expiry_cursor + 1) % each.alive.size();
      expire(connections_[each.alive[each.expiry_cursor]]);
    }
  }
}

// The connection stays: a late answer is still compared and then discarded, it was counted.
void client_loop::expire(connection& slow) {
  tally& into = counted(slow);
  std::uint64_t sequence = slow.first_uncounted();
  for (; sequence < slow.started(); ++sequence) {
    const request_times& times = slow.times_of(sequence);
    if (last_clock_ns_ - times.sent_ns < plan_.timeout_ns) break;
    --open_requests_;
    ++(measured(times.planned_ns) ? into.counts.timed_out : into.warmup_failures);
  }
  slow.expired = sequence;
}

void client_loop::stop_early() {
  end_ns_ = last_clock_ns_;
  for (lane& each : lanes_) {
    each.schedule = nullptr;
    each.next_due_ns = arrivals::none;
  }
  next_due_ns_ = arrivals::none;
}

// Nobody is left to send what is still planned, or no time.
void client_loop::abandon_schedule(lane& of) {
  if (of.schedule == nullptr) return;
  for (; of.schedule->next_ns() != arrivals::none; of.schedule->advance()) {
    if (of.schedule->next_ns() < 0) continue;
    ++of.counted->counts.planned;
    ++of.counted->counts.never_sent;
  }
  of.next_due_ns = arrivals::none;
  next_due_ns_ = next_due().next_due_ns;
}

void client_loop::settle() {
  for (connection& one : connections_) {
    tally& into = counted(one);
    into.whole_run.sent += one.whole_sent - one.sent_before;
    into.whole_run.answered += one.answered - one.answered_before;
    one.sent_before = one.whole_sent;
    one.answered_before = one.answered;
    if (!one.alive) continue;
    for (std::uint64_t i = one.first_uncounted(); i < one.started(); ++i) {
      const request_times& times = one.times_of(i);
      if (!measured(times.planned_ns)) continue;
      ++into.counts.in_flight;
      into.response.record(last_clock_ns_ - times.planned_ns);
      if (plan_.open) into.service.record(last_clock_ns_ - times.sent_ns);
    }
    drop_queue(one);
    one.expired = one.started();  // they have been counted: a later slice must not count them
  }
}

void client_loop::look_for_extra_bytes() {
  stop_receiving();
  for (connection& one : connections_) {
    if (!one.alive || one.answered < one.started()) continue;
    const std::size_t count = unread(one);
    if (count == 0) continue;
    counted(one).extra_bytes += count;
    ++counted(one).lost_connections["EXTRA_BYTES"];
  }
}

}  // namespace tailrace::load
