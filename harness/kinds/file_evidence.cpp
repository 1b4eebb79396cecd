// SPDX-License-Identifier: MIT
// See file_evidence.hpp.
#include "harness/kinds/file_evidence.hpp"

#include <fmt/format.h>

#include "harness/kinds/in_process.hpp"
#include "harness/kinds/reported_counts.hpp"

namespace tailrace::kinds {
namespace {

using campaign::at_least;
using campaign::at_most;
using campaign::percent_text;

// Metadata, libraries and another process's use of the same file come to less than this.
constexpr double share_of_nothing = 0.01;
constexpr double share_of_all = 0.95;
// Beyond the blocks asked for: what the kernel read ahead.
constexpr double read_ahead_max = 1.25;

constexpr const char* of_device = "share of the bytes read from a device";

}  // namespace

std::vector<std::string> file_faults(const session::result_event& result,
                                     std::int64_t block_bytes) {
  std::vector<std::string> faults =
      missing_counts(result.counts, {"reads", "read_bytes", "short_reads", "errors", "stamp_sum",
                                     "expected_sum", "whole_ns", "whole_cpu_ns"});
  if (!faults.empty()) return faults;
  const auto count = [&](const char* name) { return result.counts.at(name); };
  if (count("errors") != 0) faults.push_back(fmt::format("{} reads were refused", count("errors")));
  if (count("short_reads") != 0)
    faults.push_back(fmt::format("{} reads gave less than a block", count("short_reads")));
  const std::int64_t reads = count("reads");
  const std::int64_t bytes = count("read_bytes");
  if (reads == 0) faults.emplace_back("nothing was read");
  // Not multiplied: a target may print any number.
  if (reads != 0 && (bytes / reads != block_bytes || bytes % reads != 0)) {
    faults.push_back(fmt::format("the target says that {} reads of {} bytes make {} bytes", reads,
                                 block_bytes, bytes));
  }
  if (count("stamp_sum") != count("expected_sum")) {
    faults.push_back(
        fmt::format("the stamps that were read sum up to {}, those of the blocks asked for to {}",
                    count("stamp_sum"), count("expected_sum")));
  }
  for (std::string& fault : histogram_faults(result.histograms, "read_ns", reads, "reads"))
    faults.push_back(std::move(fault));
  return faults;
}

std::vector<campaign::validity_check> file_checks(const std::string& cache, std::int64_t read_bytes,
                                                  const file_evidence& seen) {
  const double from_device =
      read_bytes > 0 ? static_cast<double>(seen.device_read_bytes) / static_cast<double>(read_bytes)
                     : 0;
  if (cache == "warm") {
    return {at_least("file_resident", "share of the file in the page cache afterwards",
                     seen.after.share(), 1 - share_of_nothing, percent_text),
            at_most("file_from_cache", of_device, from_device, share_of_nothing, percent_text)};
  }
  if (cache == "cold") {
    return {at_most("file_evicted", "share of the file in the page cache before",
                    seen.before.share(), share_of_nothing, percent_text),
            at_least("file_from_device", of_device, from_device, share_of_all, percent_text),
            at_most("file_read_ahead", of_device, from_device, read_ahead_max, percent_text)};
  }
  return {at_most("file_past_cache", "share of the file that direct reads left in the page cache",
                  seen.after.share() - seen.before.share(), share_of_nothing, percent_text),
          at_least("file_from_device", of_device, from_device, share_of_all, percent_text)};
}

}  // namespace tailrace::kinds
