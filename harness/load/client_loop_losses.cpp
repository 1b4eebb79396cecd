// SPDX-License-Identifier: MIT
// What goes wrong in the loop, and what is left at its end. See client_loop.hpp. Every planned
// request is given exactly one fate here or in complete(); request_counts::check_identities()
// proves it.
#include <algorithm>
#include <cerrno>

#include "harness/load/client_loop.hpp"
#include "harness/load/endpoint.hpp"
#include "harness/observe/clock.hpp"

namespace tailrace::load {
namespace {

constexpr std::int64_t expiry_period_ns = observe::ns_per_ms;
constexpr std::size_t expiry_share = 100;  // each connection is looked at every 100 ms

}  // namespace

// The requests on the wire are errors, but for those that have been counted.
void client_loop::fail_requests(connection& of, const std::string& cause) {
  lane& its = lanes_[of.load_class];
  request_counts& counts = its.counted->counts;
  const std::uint64_t first = of.first_uncounted();
  late_requests_ -= first - of.first_untimed();
  for (std::uint64_t i = of.first_untimed(); i < of.begun; ++i)
    if (measured(of.times_of(i).planned_ns)) its.unanswered.push_back(of.times_of(i));
  for (std::uint64_t i = first; i < of.begun; ++i) {
    --open_requests_;
    if (!measured(of.times_of(i).planned_ns)) {
      ++its.counted->warmup_failures;
      continue;
    }
    ++counts.errors;
    ++its.counted->errors_by_name[cause];
  }
  of.give_up_sent();
}

void client_loop::lose(connection& lost, const std::string& cause) {
  const bool unfinished = lost.first_uncounted() < lost.planned;
  if (unfinished || last_clock_ns_ < end_ns_) ++counted(lost).lost_connections[cause];
  fail_requests(lost, cause);
  drop_queue(lost);
  hang_up(lost);
  lost.alive = false;
  std::vector<std::uint32_t>& alive = lanes_[lost.load_class].alive;
  const std::uint32_t moved = alive.back();
  alive[lost.alive_position] = moved;
  connections_[moved].alive_position = lost.alive_position;
  alive.pop_back();
}

std::string client_loop::end_after(int send_error) {
  return send_error == 0 || send_error == EPIPE ? "EOF" : errno_name(send_error);
}

// Gives up what was queued and not begun. In the closed loop it was never counted as planned.
void client_loop::drop_queue(connection& from) {
  lane& of = lanes_[from.load_class];
  for (std::uint64_t i = from.begun; i < from.planned; ++i) {
    --open_requests_;
    const std::int64_t planned_ns = from.times_of(i).planned_ns;
    if (!plan_.open) continue;
    if (!measured(planned_ns)) {
      ++of.counted->warmup_failures;
      continue;
    }
    ++of.counted->counts.never_sent;
    of.unanswered.push_back({planned_ns, 0});
  }
  from.planned = from.begun;
}

void client_loop::expire_some() {
  if (last_clock_ns_ < next_expiry_ns_) return;
  next_expiry_ns_ = last_clock_ns_ + expiry_period_ns;
  for (lane& each : lanes_) {
    if (each.alive.empty()) continue;
    const std::size_t count = each.alive.size() / expiry_share + 1;
    for (std::size_t i = 0; i < count && !each.alive.empty(); ++i) {
      each.expiry_cursor = (each.expiry_cursor + 1) % each.alive.size();
      expire(connections_[each.alive[each.expiry_cursor]]);
    }
  }
}

// The connection stays: a late answer is still compared and timed, and no longer counted.
void client_loop::expire(connection& slow) {
  tally& into = counted(slow);
  if (slow.connecting && last_clock_ns_ - slow.connect_began_ns >= plan_.connect_timeout_ns)
    return lose(slow, errno_name(ETIMEDOUT));
  std::uint64_t sequence = slow.first_uncounted();
  for (; sequence < slow.begun; ++sequence) {
    const request_times& times = slow.times_of(sequence);
    if (last_clock_ns_ - times.sent_ns < plan_.timeout_ns) break;
    --open_requests_;
    ++late_requests_;
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

// Nobody is left to send what is still planned: it waits for the end, to be counted there.
void client_loop::leave_schedule(lane& of) noexcept {
  of.next_due_ns = arrivals::none;
  next_due_ns_ = next_due().next_due_ns;
}

// At the end. Where all connections are lost it comes early: what was not due yet has no age.
void client_loop::abandon_schedule(lane& of) {
  if (of.schedule == nullptr) return;
  for (; of.schedule->next_ns() != arrivals::none; of.schedule->advance()) {
    if (of.schedule->next_ns() < 0) continue;
    ++of.counted->counts.planned;
    ++of.counted->counts.never_sent;
    const std::int64_t planned_ns = plan_.start_ns + of.schedule->next_ns();
    if (planned_ns <= last_clock_ns_) of.unanswered.push_back({planned_ns, 0});
  }
  leave_schedule(of);
}

void client_loop::settle() {
  for (connection& one : connections_)
    settle_connection(one);
  for (const lane& each : lanes_)
    for (const request_times& times : each.unanswered) {
      each.counted->response.record(last_clock_ns_ - times.planned_ns);
      if (plan_.open && times.sent_ns > 0)
        each.counted->service.record(last_clock_ns_ - times.sent_ns);
    }
}

void client_loop::settle_connection(connection& one) {
  tally& into = counted(one);
  into.whole_run.sent += one.whole_sent - one.sent_before;
  into.whole_run.answered += one.answered - one.answered_before;
  one.sent_before = one.whole_sent;
  one.answered_before = one.answered;
  if (!one.alive) return;
  if (one.connecting) hang_up(one);  // its time must not run on while nobody looks
  one.in_line = false;
  for (std::uint64_t i = one.first_untimed(); i < one.begun; ++i) {
    const bool counts = measured(one.times_of(i).planned_ns);
    if (i >= one.expired) ++(counts ? into.counts.in_flight : into.warmup_failures);
    if (!counts) continue;
    lanes_[one.load_class].unanswered.push_back(one.times_of(i));
  }
  drop_queue(one);
  one.expired = one.settled = one.begun;  // a later slice must not count or time them
}

void client_loop::look_for_extra_bytes() {
  stop_receiving();
  for (connection& one : connections_) {
    if (!one.open() || one.answered < one.begun) continue;
    const std::size_t count = unread(one);
    if (count == 0) continue;
    counted(one).extra_bytes += count;
    ++counted(one).lost_connections["EXTRA_BYTES"];
  }
}

}  // namespace tailrace::load
