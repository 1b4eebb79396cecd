// SPDX-License-Identifier: MIT
// See load_result.hpp.
#include "harness/load/load_result.hpp"

#include <algorithm>

namespace tailrace::load {

bool load_result::clean() const noexcept {
  const request_counts& counts = total.counts;
  return (counts.ok > 0 || stopped_early) && counts.ok == counts.sent && counts.never_sent == 0 &&
         total.extra_bytes == 0 && total.lost_connections.empty() && total.warmup_failures == 0;
}

void load_result::compute_rates() {
  if (!options.open_loop()) total.service = total.response;
  if (phase_s <= 0) return;
  const auto per_s = [&](std::uint64_t count) { return static_cast<double>(count) / phase_s; };
  offered_per_s = per_s(total.counts.planned);
  achieved_per_s = per_s(total.answered_in_phase);
  bytes_per_s = achieved_per_s * static_cast<double>(answer_bytes);
  for (class_result& each : classes) {
    each.offered_per_s = per_s(each.counted.counts.planned);
    each.achieved_per_s = per_s(each.counted.answered_in_phase);
  }
  const double cpu_s = static_cast<double>(total.user_us + total.system_us) / 1e6 -
                       static_cast<double>(total.idle_spin_ns) / 1e9;
  busy_share = std::clamp(cpu_s / (phase_s * options.threads), 0.0, 1.0);
}

void load_result::add(const load_result& slice) {
  const double before_s = phase_s;
  if (connections_opened == 0) {
    classes = slice.classes;
    for (class_result& each : classes)
      each.counted = {};
    options = slice.options;
    leading_class = slice.leading_class;
    engine_granted = slice.engine_granted;
    connections_opened = slice.connections_opened;
    answer_bytes = slice.answer_bytes;
  }
  total.add(slice.total);
  for (std::size_t i = 0; i < classes.size(); ++i)
    classes[i].counted.add(slice.classes[i].counted);
  for (window_summary window : slice.windows) {
    window.t_s += before_s;
    windows.push_back(window);
  }
  receives_starved = std::max(receives_starved, slice.receives_starved);
  phase_s += slice.phase_s;
  elapsed_s += slice.elapsed_s;
  all_connections_lost |= slice.all_connections_lost;
  server_died |= slice.server_died;
  stopped_early |= slice.stopped_early;
  compute_rates();
}

}  // namespace tailrace::load
