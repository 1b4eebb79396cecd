// SPDX-License-Identifier: MIT
// What has to come out when servers of known behaviour are measured (profiles/selftest.toml): one
// row a number. Plain data, any thread.
#pragma once

#include <limits>
#include <span>

namespace tailrace::selftest {

// How a row's number is taken from the records.
enum class taken {
  from_cell,      // the number under `path` of the cells
  as_difference,  // ... less that of the form `beside`
  as_ratio,       // `path` of the slices (readings.hpp), over that of the form `beside`
  from_costs,     // the metric `path` of the counted subject
  from_counts,    // counts_off()
  from_plans      // planned_off()
};

// What an echo without delay (the form `beside`) read at the same time: the time of the path itself
// from client to server and back, which is no error. It is taken off the row's number before that
// is judged.
struct baseline {
  const char* path = "";  // of its number; empty: nothing is taken off
  double most = 0;        // in the row's unit: beyond, this machine is too slow to tell
  double moved_by_share = 0;

  constexpr bool taken_off() const { return path[0] != '\0'; }
};

struct expectation {
  const char* test;
  const char* quantity;
  const char* unit;
  taken how = taken::from_cell;
  const char* point = "";
  const char* form = "";
  const char* beside = "";
  const char* path = "";
  baseline without_delay = {};
  double scale = 1;  // of the number in the records, to `unit`
  double expected = 0;
  double relative = 0;  // tolerance: so much of what is expected, and so much beside
  double absolute = 0;
  // What no noise can break: outside of these the row has failed on any machine.
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  // Noise that hit a smaller share of the requests cannot have moved the number: of a quantile q,
  // 1 - q. noise_cannot: none can.
  static constexpr double noise_cannot = std::numeric_limits<double>::infinity();
  double moved_by_share = noise_cannot;
  // Longer than that, this machine is too slow to tell: disturbed, and no error of a measurement.
  bool limits_machine = false;
  const char* why = "";  // where the tolerance comes from

  constexpr double tolerance() const {
    return relative * (expected < 0 ? -expected : expected) + absolute;
  }
};

std::span<const expectation> expectations();

}  // namespace tailrace::selftest
