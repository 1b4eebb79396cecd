// SPDX-License-Identifier: MIT
// A known neighbour: a child of the harness (cpu_child.hpp) in the normal class that burns so much
// CPU time so often on one CPU, so that what a neighbour does to a subject is measured instead of
// met by accident. It stands still until `go_on`. Main thread only.
//
// Fixed schedule: burst k begins k / per_s after the child began, by the clock, whatever became of
// the one before; a burst whose time passes while it burns or stands still is left out, never made
// up for. A burst ends when it has had its CPU time, so beside others it takes longer.
#pragma once

#include <cstdint>
#include <string>

#include "harness/observe/cpu_child.hpp"

namespace tailrace::observe {

// As results and reports call it; the kernel keeps 15 letters of it at most.
inline constexpr const char* planted_neighbour_name = "tailrace-neighbour";

struct neighbour_schedule {
  std::int64_t burn_ns = 0;  // a burst
  double per_s = 0;

  bool is_planted() const { return burn_ns > 0 && per_s > 0; }
  bool operator==(const neighbour_schedule&) const = default;
};

class planted_neighbour {
 public:
  planted_neighbour(int cpu, const neighbour_schedule& wanted);

  const std::string& cause() const { return child_.cause(); }  // why there is none, or empty
  int pid() const { return child_.pid(); }
  bool is_alive() const { return child_.is_alive(); }
  void stand_still() { child_.stand_still(); }
  void go_on() { child_.go_on(); }

 private:
  cpu_child child_;
};

}  // namespace tailrace::observe
