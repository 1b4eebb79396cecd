// SPDX-License-Identifier: MIT
// See planted_neighbour.hpp.
#include "harness/observe/planted_neighbour.hpp"

#include <sched.h>
#include <time.h>

#include <cerrno>

namespace tailrace::observe {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::int64_t read_clock(clockid_t which) {
  timespec now{};
  ::clock_gettime(which, &now);
  return now.tv_sec * second_ns + now.tv_nsec;
}

void sleep_until(std::int64_t at_ns) {
  const timespec at{at_ns / second_ns, at_ns % second_ns};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

void burn_on_schedule(const void* with) {
  const auto wanted = *static_cast<const neighbour_schedule*>(with);
  const auto period_ns = static_cast<std::int64_t>(static_cast<double>(second_ns) / wanted.per_s);
  const std::int64_t began_ns = read_clock(CLOCK_MONOTONIC);
  for (;;) {
    const std::int64_t passed_ns = read_clock(CLOCK_MONOTONIC) - began_ns;
    const std::int64_t due_ns = began_ns + (passed_ns / period_ns + 1) * period_ns;
    sleep_until(due_ns);
    // It stood still when this was due.
    if (read_clock(CLOCK_MONOTONIC) >= due_ns + period_ns) continue;
    const std::int64_t until_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID) + wanted.burn_ns;
    while (read_clock(CLOCK_PROCESS_CPUTIME_ID) < until_ns) {
    }
  }
}

}  // namespace

planted_neighbour::planted_neighbour(int cpu, const neighbour_schedule& wanted)
    : child_(planted_neighbour_name, cpu, SCHED_OTHER, burn_on_schedule, &wanted) {
  child_.stand_still();
}

}  // namespace tailrace::observe
