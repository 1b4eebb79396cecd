// SPDX-License-Identifier: MIT
// What a runtime counts about itself. An optional part of the Runtime concept: metrics() returns
// what was counted so far, on any thread, also while the runtime runs; the numbers of one call may
// then be a little apart in time. Names and units are those of runtimes/PROTOCOL.md
// ("Metrics"); a name that does not apply to a runtime is left out.
// Cost: of the call, some allocations. Of the counting, what each runtime's header says.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tailrace {

struct metric {
  std::string_view name;  // a literal
  std::uint64_t value = 0;
};

// How often a time was measured, in buckets of nanoseconds; a bucket is known by its middle.
struct distribution {
  struct bucket {
    std::uint64_t middle_ns = 0;
    std::uint64_t count = 0;
  };
  std::string_view name;        // a literal
  std::vector<bucket> buckets;  // those in use; one middle may occur again: of another worker
};

struct runtime_metrics {
  std::vector<std::vector<metric>> workers;  // one entry a worker, all with the same names in order
  std::vector<metric> whole;
  std::vector<distribution> distributions;
};

// Where there may be distributions, R::has_distributions is true.
template <class R>
concept Measured = requires(const R& runtime) {
  { runtime.metrics() } -> std::same_as<runtime_metrics>;
};

}  // namespace tailrace
