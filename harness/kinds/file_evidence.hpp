// SPDX-License-Identifier: MIT
// Whether a target read what it was asked to read, and from where: by its counts and its histogram,
// the page cache before and after, and what the kernel read from devices for it. Pure functions,
// any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/campaign/validity.hpp"
#include "harness/files/residency.hpp"
#include "harness/session/target_event.hpp"

namespace tailrace::kinds {

// What was seen of the file from outside, around the work.
struct file_evidence {
  files::residency before;
  files::residency after;
  std::int64_t device_read_bytes = 0;  // by the target, as the kernel accounts it
};

std::vector<std::string> file_faults(const session::result_event& result, std::int64_t block_bytes);

// warm: in the page cache throughout, nothing from a device. cold: nothing in the page cache at
// first, all from a device, nothing read ahead. direct: all from a device, the page cache as
// before.
std::vector<campaign::validity_check> file_checks(const std::string& cache, std::int64_t read_bytes,
                                                  const file_evidence& seen);

}  // namespace tailrace::kinds
