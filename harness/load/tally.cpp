// SPDX-License-Identifier: MIT
// See tally.hpp.
#include "harness/load/tally.hpp"

#include <algorithm>

#include "harness/load/bug_check.hpp"

namespace tailrace::load {

void request_counts::add(const request_counts& other) noexcept {
  planned += other.planned;
  sent += other.sent;
  skipped_late += other.skipped_late;
  never_sent += other.never_sent;
  ok += other.ok;
  wrong += other.wrong;
  errors += other.errors;
  timed_out += other.timed_out;
  in_flight += other.in_flight;
}

void request_counts::check_identities() const noexcept {
  check_equal(planned, sent + skipped_late + never_sent,
              "planned = sent + skipped_late + never_sent");
  check_equal(sent, ok + wrong + errors + timed_out + in_flight,
              "sent = ok + wrong + errors + timed_out + in_flight");
}

void window_series::advance_to(std::int64_t since_start_ns) {
  while (since_start_ns >= current_end_ns_) {
    closed_.push_back(current_.nonzero());
    current_.clear();
    current_end_ns_ += width_ns;
  }
}

void window_series::finish() {
  if (current_.count() == 0) return;
  closed_.push_back(current_.nonzero());
  current_.clear();
}

void tally::add(const tally& other) {
  counts.add(other.counts);
  whole_run.sent += other.whole_run.sent;
  whole_run.answered += other.whole_run.answered;
  response.merge(other.response);
  service.merge(other.service);
  lateness.merge(other.lateness);
  client_delay.merge(other.client_delay);
  connect.merge(other.connect);
  for (const auto& [name, count] : other.errors_by_name)
    errors_by_name[name] += count;
  for (const auto& [name, count] : other.lost_connections)
    lost_connections[name] += count;
  reconnects += other.reconnects;
  extra_bytes += other.extra_bytes;
  answered_in_phase += other.answered_in_phase;
  warmup_failures += other.warmup_failures;
  user_us += other.user_us;
  system_us += other.system_us;
  idle_spin_ns += other.idle_spin_ns;
  finished_ns = std::max(finished_ns, other.finished_ns);
}

std::vector<window_summary> summarize_windows(const std::vector<const window_series*>& threads,
                                              std::size_t at_least) {
  std::size_t length = at_least;
  for (const auto* series : threads)
    length = std::max(length, series->windows().size());
  std::vector<window_summary> summaries;
  summaries.reserve(length);
  histogram merged;
  for (std::size_t i = 0; i < length; ++i) {
    merged.clear();
    for (const auto* series : threads) {
      if (i >= series->windows().size()) continue;
      for (const auto& bucket : series->windows()[i])
        merged.add_to_bucket(bucket.index, bucket.count);
    }
    summaries.push_back({static_cast<double>(i + 1) / 10, merged.count(), merged.quantile(0.5),
                         merged.quantile(0.99), merged.max()});
  }
  return summaries;
}

}  // namespace tailrace::load
