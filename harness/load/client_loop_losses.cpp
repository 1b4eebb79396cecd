// SPDX-License-Identifier: MIT
// What goes wrong in the loop, and what is left at its end. See client_loop.hpp. Every planned
// request is given exactly one fate here or in complete(); request_counts::check_identities()
// proves it.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "harness/load/client_loop.hpp"
#include "harness/load/clock.hpp"
#include "harness/load/wire_buffer.hpp"

namespace tailrace::load {
namespace {

constexpr std::int64_t expiry_period_ns = ns_per_ms;
constexpr std::size_t expiry_share = 100;  // each connection is looked at every 100 ms

}  // namespace

void client_loop::lose(connection& lost, const std::string& cause) {
  const bool unfinished = lost.first_uncounted() < lost.planned;
  if (unfinished || last_clock_ns_ < end_ns_) ++tally_.lost_connections[cause];
  for (std::uint64_t i = lost.first_uncounted(); i < lost.started(); ++i) {
    --open_requests_;
    if (!measured(lost.times_of(i).planned_ns)) continue;
    ++tally_.counts.errors;
    ++tally_.errors_by_name[cause];
  }
  drop_queue(lost);
  ::close(lost.fd);
  lost.fd = -1;
  lost.alive = false;
  const std::uint32_t moved = alive_.back();
  alive_[lost.alive_position] = moved;
  connections_[moved].alive_position = lost.alive_position;
  alive_.pop_back();
}

// Gives up what was queued and not begun. In the closed loop it was never counted as planned.
void client_loop::drop_queue(connection& from) noexcept {
  for (std::uint64_t i = from.started(); i < from.planned; ++i) {
    --open_requests_;
    if (plan_.open && measured(from.times_of(i).planned_ns)) ++tally_.counts.never_sent;
  }
  from.planned = from.started();
}

void client_loop::expire_some() {
  if (last_clock_ns_ < next_expiry_ns_ || alive_.empty()) return;
  next_expiry_ns_ = last_clock_ns_ + expiry_period_ns;
  const std::size_t count = alive_.size() / expiry_share + 1;
  for (std::size_t i = 0; i < count; ++i) {
    expiry_cursor_ = (expiry_cursor_ + 1) % alive_.size();
    expire(connections_[alive_[expiry_cursor_]]);
  }
}

// The connection stays: a late answer is still compared and then discarded, it was counted.
void client_loop::expire(connection& slow) {
  std::uint64_t sequence = slow.first_uncounted();
  for (; sequence < slow.started(); ++sequence) {
    const request_times& times = slow.times_of(sequence);
    if (last_clock_ns_ - times.sent_ns < plan_.timeout_ns) break;
    --open_requests_;
    ++(measured(times.planned_ns) ? tally_.counts.timed_out : tally_.warmup_failures);
  }
  slow.expired = sequence;
}

void client_loop::stop_early() {
  end_ns_ = last_clock_ns_;
  schedule_ = nullptr;
  next_due_ns_ = arrivals::none;
}

void client_loop::abandon_schedule() {
  if (schedule_ == nullptr) return;
  for (; schedule_->next_ns() != arrivals::none; schedule_->advance()) {
    if (schedule_->next_ns() < 0) continue;
    ++tally_.counts.planned;
    ++tally_.counts.never_sent;
  }
}

void client_loop::settle() {
  for (const auto index : alive_) {
    connection& one = connections_[index];
    for (std::uint64_t i = one.first_uncounted(); i < one.started(); ++i) {
      const request_times& times = one.times_of(i);
      if (!measured(times.planned_ns)) continue;
      ++tally_.counts.in_flight;
      tally_.response.record(last_clock_ns_ - times.planned_ns);
      if (plan_.open) tally_.service.record(last_clock_ns_ - times.sent_ns);
    }
    drop_queue(one);
  }
}

void client_loop::look_for_extra_bytes() {
  for (const auto index : alive_) {
    connection& one = connections_[index];
    if (one.answered < one.started()) continue;
    const ssize_t count = ::recv(one.fd, receive_buffer_.get(), wire_buffer_bytes, MSG_DONTWAIT);
    if (count <= 0) continue;
    tally_.extra_bytes += static_cast<std::uint64_t>(count);
    ++tally_.lost_connections["EXTRA_BYTES"];
  }
}

}  // namespace tailrace::load
