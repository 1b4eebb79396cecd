// SPDX-License-Identifier: MIT
// See expectations.hpp.
#include "harness/selftest/expectations.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tailrace::selftest {
namespace {

constexpr double us = 1e-3;  // of ns
constexpr double ms = 1e-6;
constexpr const char* no_delay = "delay-0";
// Known delays within 3 % + 20 us, up to p99.9, after what the path takes without a delay.
constexpr double latency_share = 0.03;
constexpr double latency_us = 20;
constexpr const char* latency_why = "3 % + 20 us: timers, wake-ups and the client's own time";
// Where an echo without delay takes longer than the smallest known delay, most of what is read is
// the path, and a difference of two of them says little of the delay.
constexpr double smallest_delay_us = 100;
// Two system calls and a switch each way take longer on any machine.
constexpr double path_least_us = 1;
constexpr const char* path_why = "no more than the smallest known delay";
// What is planned each millisecond tells no more than a millisecond, twice at a quantile.
constexpr const char* stall_why = "3 % + 2 ms: a request each millisecond";

struct quantile {
  const char* name;
  const char* path;
  double moved_by_share;
};
constexpr quantile q_min = {"min", "/load/latency_ns/response/min", 0.99};
constexpr quantile q_p50 = {"p50", "/load/latency_ns/response/p50", 0.5};
constexpr quantile q_p90 = {"p90", "/load/latency_ns/response/p90", 0.1};
constexpr quantile q_p99 = {"p99", "/load/latency_ns/response/p99", 0.01};
constexpr quantile q_p999 = {"p99.9", "/load/latency_ns/response/p99.9", 0.001};
constexpr quantile q_max = {"max", "/load/latency_ns/response/max", 0};
// A long wait of few moves the mean.
constexpr quantile q_mean = {"mean", "/load/latency_ns/response/mean", 0.001};

// In us, at each point with known delays.
constexpr expectation path_alone(const char* test, const char* point, const quantile& at) {
  return {.test = test,
          .quantity = at.name,
          .unit = "us",
          .point = point,
          .form = no_delay,
          .path = at.path,
          .scale = us,
          .absolute = smallest_delay_us,
          .least = path_least_us,
          .moved_by_share = at.moved_by_share,
          .limits_machine = true,
          .why = path_why};
}

// The minimum is less by the baseline's minimum, all else by its p50. Not by its tail: that has the
// stalls of the echo without delay, which came at other moments than those of the row, and would
// excuse a tail that is read wrong. A mean has a part of the tail.
constexpr baseline path_beside(const quantile& at) {
  const quantile& less = at.moved_by_share > q_p50.moved_by_share ? q_min : q_p50;
  return {.path = less.path, .most = smallest_delay_us, .moved_by_share = less.moved_by_share};
}

// In us. No answer comes before the delay, so no quantile lies below, whatever the path takes.
constexpr expectation delayed(const char* test, const char* point, const char* form,
                              const quantile& at, double expected, double least) {
  return {.test = test,
          .quantity = at.name,
          .unit = "us",
          .point = point,
          .form = form,
          .beside = no_delay,
          .path = at.path,
          .without_delay = path_beside(at),
          .scale = us,
          .expected = expected,
          .relative = latency_share,
          .absolute = latency_us,
          .least = least,
          .moved_by_share = at.moved_by_share,
          .why = latency_why};
}

// In ms. Who stands still for L of each period T answers what was planned in this time after
// between L and nothing: the quantile q of all is L - (1 - q) T.
constexpr expectation stalled(const char* test, const char* form, const quantile& at,
                              double expected, double least) {
  return {.test = test,
          .quantity = at.name,
          .unit = "ms",
          .point = form,
          .form = form,
          .path = at.path,
          .scale = ms,
          .expected = expected,
          .relative = latency_share,
          .absolute = 2,
          .least = least,
          .moved_by_share = at.moved_by_share,
          .why = stall_why};
}

// One executable twice.
constexpr expectation alike(const char* quantity, const char* number) {
  return {.test = "one server twice",
          .quantity = quantity,
          .unit = "ratio",
          .how = taken::as_ratio,
          .point = "twice",
          .form = "a1",
          .beside = "a2",
          .path = number,
          .expected = 1,
          .absolute = 0.04,
          .moved_by_share = 0.01,
          .why = "4 %: processes of one executable differ by 0.7 to 1.4 % (sd); and the interval"};
}

constexpr expectation counted(const char* quantity, const char* metric, double expected) {
  return {.test = "known work",
          .quantity = quantity,
          .unit = "an echo",
          .how = taken::from_costs,
          .form = "work",
          .path = metric,
          .expected = expected,
          .least = expected,
          .most = expected,
          .why = "exact: they are counted"};
}

constexpr expectation identity(const char* test, taken how, const char* why) {
  return {.test = test,
          .quantity = "requests off",
          .unit = "requests",
          .how = how,
          .least = 0,
          .most = 0,
          .why = why};
}

// The quantiles of a known delay that all points with one have.
constexpr std::array<expectation, 4> quantiles_of(const char* test, const char* point,
                                                  const char* form, double delay) {
  return {delayed(test, point, form, q_min, delay, delay),
          delayed(test, point, form, q_p50, delay, delay),
          delayed(test, point, form, q_p99, delay, delay),
          delayed(test, point, form, q_p999, delay, delay)};
}

template <std::size_t... Counts>
constexpr auto joined(const std::array<expectation, Counts>&... parts) {
  std::array<expectation, (Counts + ...)> all{};
  auto place = all.begin();
  ((place = std::ranges::copy(parts, place).out), ...);
  return all;
}

constexpr std::array paths = {path_alone("echo without delay", "known", q_min),
                              path_alone("echo without delay", "known", q_p50),
                              path_alone("without delay, Poisson", "bimodal", q_p50)};

// Without the kernel's scheduler in between, where that is permitted: tails can be told there.
constexpr std::array path_in_fifo = {path_alone("no delay, FIFO", "known-fifo", q_p50)};

constexpr std::array other_rows = {
    // 100 us, each hundredth 5 ms: a mean of 149 us, and all beyond p99 are slow.
    delayed("1 % of 5 ms", "bimodal", "bimodal", q_p90, 100, 100),
    delayed("1 % of 5 ms", "bimodal", "bimodal", q_mean, 149, 100),
    delayed("1 % of 5 ms", "bimodal", "bimodal", q_p999, 5000, 5000),
    // The last request before it and the first in it are a millisecond apart; one for rounding.
    stalled("100 ms stall a second", "stall", q_p99, 90, 88),
    stalled("100 ms stall a second", "stall", q_max, 100, 98),
    stalled("SIGSTOP for 50 ms", "stop", q_p99, 45, 43),
    stalled("SIGSTOP for 50 ms", "stop", q_max, 50, 48), alike("CPU an echo", "cpu_per_op"),
    alike("echoes a second", "rate"), alike("p50", "p50"),
    expectation{.test = "50 us of CPU an echo",
                .quantity = "CPU more",
                .unit = "us",
                .how = taken::as_difference,
                .point = "twice",
                .form = "burn",
                .beside = "a1",
                .path = "/cost/server/cpu_us_per_op",
                .expected = 50,
                .relative = 0.03,
                .absolute = 1,
                .moved_by_share = 0.01,
                .why = "3 % + 1 us: an echo's own CPU time is not the same at another rate"},
    counted("system calls", "syscalls.getppid", 5), counted("allocations", "allocations", 3),
    counted("bytes allocated", "allocated_bytes", 300),
    expectation{.test = "16 KiB a connection",
                .quantity = "bytes more",
                .unit = "bytes",
                .how = taken::as_difference,
                .point = "memory",
                .form = "hold",
                .beside = "echo",
                .path = "/memory/states/idle/user/slope_bytes",
                .expected = 16384,
                .relative = 0.02,
                .absolute = 0,
                .least = 15000,
                .most = 18000,
                .why = "2 %: eight connections of the preparation are in every level"},
    identity("counts add up", taken::from_counts, "exact: planned, sent, answered, recorded"),
    identity("the plan is kept", taken::from_plans, "exact: rate x length of what was kept")};

constexpr auto rows =
    joined(paths, quantiles_of("delay 100 us", "known", "delay-100", 100),
           quantiles_of("delay 200 us", "known", "delay-200", 200),
           quantiles_of("delay 1000 us", "known", "delay-1000", 1000), path_in_fifo,
           quantiles_of("delay 100 us, FIFO", "known-fifo", "delay-100", 100),
           quantiles_of("delay 200 us, FIFO", "known-fifo", "delay-200", 200),
           quantiles_of("delay 1000 us, FIFO", "known-fifo", "delay-1000", 1000), other_rows);

}  // namespace

std::span<const expectation> expectations() {
  return rows;
}

}  // namespace tailrace::selftest
