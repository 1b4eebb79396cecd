// SPDX-License-Identifier: MIT
// The hot path of the loop: what is sent, received, compared and timed. See client_loop.hpp.
#include <algorithm>

#include "harness/load/client_loop.hpp"
#include "harness/observe/clock.hpp"

namespace tailrace::load {
namespace {

constexpr std::size_t reread_clock_bytes = 4096;
constexpr int sends_between_receives = 64;

}  // namespace

void client_loop::prime() {
  const auto wanted = lanes_.front().alive;  // flush() may lose one
  for (const auto index : wanted) {
    connection& one = connections_[index];
    for (std::uint32_t i = 0; i < plan_.outstanding_max; ++i)
      one.plan(last_clock_ns_);
    open_requests_ += plan_.outstanding_max;
    send_queued(one);
    last_clock_ns_ = observe::monotonic_ns();
  }
  release();
}

// Bounded, so that a client that has fallen behind its plan still receives.
void client_loop::send_due() {
  for (int i = 0; i < sends_between_receives && last_clock_ns_ >= next_due_ns_; ++i) {
    lane& due = next_due();
    if (due.alive.empty()) return leave_schedule(due);
    const std::int64_t planned_ns = next_due_ns_;
    advance(due);
    plan_one(due, planned_ns);
    last_clock_ns_ = observe::monotonic_ns();
  }
  release();
}

// The lane whose next request is due first.
client_loop::lane& client_loop::next_due() noexcept {
  lane* first = &lanes_.front();
  for (std::size_t i = 1; i < lanes_.size(); ++i)
    if (lanes_[i].next_due_ns < first->next_due_ns) first = &lanes_[i];
  return *first;
}

void client_loop::advance(lane& of) noexcept {
  of.schedule->advance();
  const std::int64_t next_ns = of.schedule->next_ns();
  of.next_due_ns = next_ns == arrivals::none ? arrivals::none : plan_.start_ns + next_ns;
  next_due_ns_ = next_due().next_due_ns;
}

void client_loop::plan_one(lane& of, std::int64_t planned_ns) {
  connection& to = connections_[of.alive[random_.below(of.alive.size())]];
  request_counts& counts = of.counted->counts;
  if (measured(planned_ns)) {
    ++counts.planned;
    of.counted->client_delay.record(last_clock_ns_ - planned_ns);
  }
  if (plan_.skip_late_ns > 0 && last_clock_ns_ - planned_ns > plan_.skip_late_ns) {
    if (measured(planned_ns)) {
      ++counts.skipped_late;
      of.unanswered.push_back({planned_ns, 0});
    }
    return;
  }
  to.plan(planned_ns);
  ++open_requests_;
  send_queued(to);
}

void client_loop::send_queued(connection& to) {
  if (to.asleep()) [[unlikely]]
    return connect_again(to);
  flush(to);
}

std::uint64_t client_loop::may_send(const connection& to) const noexcept {
  return std::min(to.planned, to.answered + plan_.outstanding_max);
}

std::size_t client_loop::fill(const connection& to, std::uint64_t until, char* out,
                              std::size_t room) noexcept {
  const std::size_t size = plan_.format->request_bytes();
  std::size_t offset = to.sent_offset;
  std::size_t filled = 0;
  for (std::uint64_t i = to.whole_sent; i < until && filled < room; ++i) {
    const std::size_t part = std::min(size - offset, room - filled);
    plan_.format->write_request(out + filled, to.number, i, offset, part);
    filled += part;
    offset = 0;
  }
  if (size >= reread_clock_bytes) last_clock_ns_ = observe::monotonic_ns();
  return filled;
}

void client_loop::note_written(connection& to, std::size_t bytes) noexcept {
  const std::size_t size = plan_.format->request_bytes();
  while (bytes > 0) {
    if (to.sent_offset == 0) note_started(to);
    const std::size_t part = std::min(bytes, size - to.sent_offset);
    to.sent_offset += part;
    bytes -= part;
    if (to.sent_offset < size) return;
    to.sent_offset = 0;
    ++to.whole_sent;
  }
}

void client_loop::note_started(connection& to) noexcept {
  if (to.whole_sent < to.begun) return;  // sent again: it is counted and timed from the first time
  ++to.begun;
  request_times& times = to.times_of(to.whole_sent);
  times.sent_ns = last_clock_ns_;
  if (!plan_.open) {
    times.planned_ns = last_clock_ns_;
    if (!measured(times.planned_ns)) return;
    ++tally_.counts.planned;
    ++tally_.counts.sent;
  } else if (measured(times.planned_ns)) {
    tally& counts_of_class = counted(to);
    ++counts_of_class.counts.sent;
    counts_of_class.lateness.record(last_clock_ns_ - times.planned_ns);
  }
}

void client_loop::consume(connection& from, const char* in, std::size_t count) {
  const message_format& format = *plan_.format;
  if (!format.is_echo()) [[unlikely]]
    return consume_http(from, in, count);
  const std::size_t size = format.answer_bytes();
  while (count > 0) {
    // No more can be the echo of what was sent than was sent.
    std::size_t limit = size;
    if (from.answered >= from.whole_sent) limit = from.sent_offset;
    if (from.answer_offset >= limit) {
      counted(from).extra_bytes += count;
      return lose(from, "EXTRA_BYTES");
    }
    const std::size_t part = std::min(count, limit - from.answer_offset);
    from.matches_so_far &= format.matches(in, from.number, from.answered, from.answer_offset, part);
    from.answer_offset += part;
    in += part;
    count -= part;
    if (from.answer_offset == size) complete(from);
  }
}

void client_loop::consume_http(connection& from, const char* in, std::size_t count) {
  while (count > 0) {
    if (from.answered >= from.whole_sent) {
      counted(from).extra_bytes += count;
      return lose(from, "EXTRA_BYTES");
    }
    const std::size_t part = answers_.take(from.answer, in, count);
    in += part;
    count -= part;
    if (!from.answer.whole) continue;
    from.matches_so_far = from.answer.right;
    const bool last = from.answer.closes;
    from.answer.clear();
    complete(from);
    if (last) return begin_again(from);
  }
}

void client_loop::complete(connection& from) {
  const std::int64_t now = last_clock_ns_;
  tally& into = counted(from);
  const request_times times = from.times_of(from.answered);
  const bool in_time = from.answered >= from.expired;
  const bool right = from.matches_so_far;
  if (in_time) [[likely]] {
    --open_requests_;
    if (right && now >= plan_.start_ns && now < end_ns_) ++into.answered_in_phase;
    if (!measured(times.planned_ns))
      into.warmup_failures += right ? 0 : 1;
    else
      ++(right ? into.counts.ok : into.counts.wrong);
  } else if (from.answered >= from.settled) {
    --late_requests_;
  }
  if (measured(times.planned_ns) && from.answered >= from.settled) [[likely]] {
    into.response.record(now - times.planned_ns);
    if (plan_.open) into.service.record(now - times.sent_ns);
    if (in_time && right) into.windows.record(now - plan_.start_ns, now - times.planned_ns);
  }
  ++from.answered;
  from.answer_offset = 0;
  from.matches_so_far = true;
  if (plan_.open || now >= end_ns_) return;
  from.plan(now);
  ++open_requests_;
}

}  // namespace tailrace::load
