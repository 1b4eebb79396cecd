// SPDX-License-Identifier: MIT
// See metrics_fields.hpp.
#include "harness/targets/metrics_fields.hpp"

#include "runtimes/base/check.hpp"

namespace tailrace {
namespace {

// The value of this name, which is the index-th of every worker and runtime.
std::uint64_t value_of(const std::vector<metric>& metrics, std::size_t index,
                       std::string_view name) {
  TAILRACE_CHECK_VALUES(index < metrics.size(), index, metrics.size());
  TAILRACE_CHECK(metrics[index].name == name);
  return metrics[index].value;
}

}  // namespace

event_fields metrics_fields(std::span<const runtime_metrics> runtimes) {
  event_fields fields;
  if (runtimes.empty()) return fields;
  const runtime_metrics& first = runtimes.front();
  const std::size_t of_worker = first.workers.empty() ? 0 : first.workers.front().size();
  for (std::size_t i = 0; i < of_worker; ++i) {
    const std::string_view name = first.workers.front()[i].name;
    std::vector<std::int64_t> list;
    for (const runtime_metrics& each : runtimes)
      for (const std::vector<metric>& worker : each.workers)
        list.push_back(static_cast<std::int64_t>(value_of(worker, i, name)));
    fields.emplace_back(name, std::move(list));
  }
  for (std::size_t i = 0; i < first.whole.size(); ++i) {
    std::uint64_t sum = 0;
    for (const runtime_metrics& each : runtimes)
      sum += value_of(each.whole, i, first.whole[i].name);
    fields.emplace_back(first.whole[i].name, sum);
  }
  return fields;
}

std::map<std::string, count_pairs> distribution_pairs(std::span<const runtime_metrics> runtimes) {
  std::map<std::string, value_counts> merged;
  for (const runtime_metrics& each : runtimes)
    for (const distribution& times : each.distributions) {
      value_counts& into = merged[std::string(times.name)];
      for (const auto& [middle_ns, count] : times.buckets)
        into.record(static_cast<std::int64_t>(middle_ns), count);
    }
  std::map<std::string, count_pairs> pairs;
  for (const auto& [name, times] : merged)
    pairs[name] = times.pairs();
  return pairs;
}

}  // namespace tailrace
