// SPDX-License-Identifier: MIT
// See file_check.hpp.
#include "harness/campaign/file_check.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/campaign/inprocess_point.hpp"
#include "harness/campaign/load_check.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

// Metadata, libraries and another process' use of the same file come to less than this.
constexpr double share_of_nothing = 0.01;
constexpr double share_of_all = 0.95;
// Beyond the blocks asked for: what the kernel read ahead.
constexpr double read_ahead_max = 1.25;

std::int64_t count_or_zero(const json& counts, const char* name) {
  return count_of(counts, name).value_or(0);
}

gate at_most(const char* name, double value, double limit, const std::string& what) {
  return {name, value <= limit, value, limit,
          fmt::format("{}: {:.3f}, and at most {:.3f} is allowed", what, value, limit)};
}

gate at_least(const char* name, double value, double limit, const std::string& what) {
  return {name, value >= limit, value, limit,
          fmt::format("{}: {:.3f}, and at least {:.3f} is needed", what, value, limit)};
}

}  // namespace

std::vector<std::string> file_faults(const json& counts, const load::histogram* latency,
                                     const point& work) {
  std::vector<std::string> faults;
  for (const char* name : {"reads", "read_bytes", "short_reads", "errors", "stamp_sum",
                           "expected_sum", "whole_ns", "whole_cpu_ns"}) {
    if (!count_of(counts, name)) {
      faults.push_back(
          fmt::format("the target's count `{}` is missing or not a whole number >= 0", name));
    }
  }
  if (!faults.empty()) return faults;
  const std::int64_t reads = count_or_zero(counts, "reads");
  const std::int64_t bytes = count_or_zero(counts, "read_bytes");
  const std::int64_t block_bytes = option_number(work, "block_bytes");
  if (const auto errors = count_or_zero(counts, "errors"); errors != 0) {
    faults.push_back(fmt::format("{} reads were refused", errors));
  }
  if (const auto cut = count_or_zero(counts, "short_reads"); cut != 0) {
    faults.push_back(fmt::format("{} reads gave less than a block", cut));
  }
  if (reads == 0) faults.emplace_back("nothing was read");
  // Not multiplied: a target may print any number.
  if (reads != 0 && (bytes / reads != block_bytes || bytes % reads != 0)) {
    faults.push_back(fmt::format("{} reads of {} bytes make {} bytes, says the target", reads,
                                 block_bytes, bytes));
  }
  const std::int64_t found = count_or_zero(counts, "stamp_sum");
  const std::int64_t expected = count_or_zero(counts, "expected_sum");
  if (found != expected) {
    faults.push_back(
        fmt::format("the stamps that were read sum up to {}, and those of the places "
                    "asked for to {}",
                    found, expected));
  }
  if (latency == nullptr) {
    faults.emplace_back("the result has no histogram `read_ns`");
  } else if (latency->count() != static_cast<std::uint64_t>(reads)) {
    faults.push_back(fmt::format("the histogram `read_ns` holds {} values of {} reads",
                                 latency->count(), reads));
  }
  return faults;
}

std::vector<gate> file_gates(const json& counts, const point& work, const file_evidence& seen) {
  const auto read_bytes = static_cast<double>(count_or_zero(counts, "read_bytes"));
  const double from_device =
      read_bytes > 0 ? static_cast<double>(seen.device_read_bytes) / read_bytes : 0;
  const std::string& cache = work.options.at("cache");
  if (cache == "warm") {
    return {at_least("file_resident", seen.after.share(), 1 - share_of_nothing,
                     "share of the file in the page cache after the reads"),
            at_most("file_from_cache", from_device, share_of_nothing,
                    "bytes read from a device, a byte read")};
  }
  if (cache == "cold") {
    return {at_most("file_evicted", seen.before.share(), share_of_nothing,
                    "share of the file in the page cache before the reads"),
            at_least("file_from_device", from_device, share_of_all,
                     "bytes read from a device, a byte read"),
            at_most("file_read_ahead", from_device, read_ahead_max,
                    "bytes read from a device, a byte read")};
  }
  return {at_most("file_past_cache", seen.after.share() - seen.before.share(), share_of_nothing,
                  "share of the file that direct reads brought into the page cache"),
          at_least("file_from_device", from_device, share_of_all,
                   "bytes read from a device, a byte read")};
}

}  // namespace tailrace::campaign
