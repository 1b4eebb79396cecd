// SPDX-License-Identifier: MIT
// Two classes of connections, each with its own rate, schedule and tally. One model for two kinds
// of uneven load:
// - hogs: connections whose number is a multiple of hog_every (the target knows them by the same
//   rule and burns CPU time for them); what is asked is how long the *others* wait;
// - skew: a seeded set of hot connections carries most of the rate.
// Requests of a class are spread evenly over its connections. Everybody else has one class, and the
// code that sends does not know the difference. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/load/load_options.hpp"

namespace tailrace::load {

struct load_class {
  std::string name;        // empty in the plain case, where it is the only one
  double rate_per_s = 0;   // of the class; 0 in the closed loop
  std::uint64_t seed = 1;  // of its schedule
  std::uint32_t connections = 0;
};

struct class_split {
  std::vector<load_class> classes;     // one or two
  std::vector<std::uint8_t> class_of;  // by connection number; empty: all are of the first
  // Whether the latency that leads is that of the first class alone, and not of all.
  bool first_leads = false;

  [[nodiscard]] bool split() const noexcept { return classes.size() > 1; }
};

[[nodiscard]] class_split split_of(const load_options& options);

// The shortest message that has the connection's number in its first 8 bytes (message.hpp).
inline constexpr std::uint32_t numbered_message_bytes = 24;

}  // namespace tailrace::load
