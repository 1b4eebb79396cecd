// SPDX-License-Identifier: MIT
// The slices of one subject at one point of a generation, and the objects of the record that follow
// from them (results/README.md): `slices`, `cost`, `noise`. Sums over sums: CPU time of all kept
// slices over the messages of all kept slices. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "harness/campaign/load_process.hpp"
#include "harness/campaign/slice_edges.hpp"
#include "harness/campaign/sliced_work.hpp"

namespace tailrace::campaign {

struct slice_reading {
  int round = 0;
  double at_s = 0;  // since the generation began
  bool kept = true;
  bool client_late = false;  // sliced_work::client_late
  client_slice client;
  slice_use use;
};

// What a process did while it was not its turn.
struct idle_use {
  std::int64_t wall_ns = 0;
  std::int64_t cpu_ns = 0;
  bool stopped = false;  // from then on by SIGSTOP, since it disturbed others
};

// One object a slice, in the order in which they ran.
nlohmann::json slices_json(const std::vector<slice_reading>& slices);

struct kept_numbers {
  nlohmann::json cost;
  nlohmann::json noise;
  slice_shares used;
};
kept_numbers numbers_of(const std::vector<slice_reading>& slices, std::size_t target_cpus);

nlohmann::json idle_json(const idle_use& idle);

}  // namespace tailrace::campaign
