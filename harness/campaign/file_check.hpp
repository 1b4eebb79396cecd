// SPDX-License-Identifier: MIT
// Did the target do the work of a file point, and did the reads come from where the point says?
// Told from its counts, its histogram, the page cache before and after, and what the kernel read
// from devices for it. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/profile.hpp"
#include "harness/campaign/validity.hpp"
#include "harness/files/residency.hpp"
#include "harness/load/histogram.hpp"

namespace tailrace::campaign {

// What was seen of the file from outside, around the work.
struct file_evidence {
  files::residency before;
  files::residency after;
  std::int64_t device_read_bytes = 0;  // by the target, as the kernel accounts it
};

// latency: the decoded histogram `read_ns`; null: the result has none.
std::vector<std::string> file_faults(const nlohmann::json& counts, const load::histogram* latency,
                                     const point& work);

// warm: in the page cache throughout, nothing from a device. cold: nothing in the page cache at
// first, all from a device, nothing read ahead. direct: all from a device, the page cache as
// before.
std::vector<gate> file_gates(const nlohmann::json& counts, const point& work,
                             const file_evidence& seen);

}  // namespace tailrace::campaign
