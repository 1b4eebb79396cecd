// SPDX-License-Identifier: MIT
// See histogram_texts.hpp.
#include "harness/targets/histogram_texts.hpp"

#include "harness/load/histogram_codec.hpp"

namespace tailrace {

string_map histogram_texts(std::span<const runtime_metrics> runtimes) {
  std::map<std::string, load::histogram> merged;
  for (const runtime_metrics& each : runtimes)
    for (const distribution& times : each.distributions) {
      load::histogram& into = merged[std::string(times.name)];
      for (const auto& [middle_ns, count] : times.buckets)
        into.record(static_cast<std::int64_t>(middle_ns), count);
    }
  string_map texts;
  for (const auto& [name, times] : merged)
    texts[name] = encode_histogram(times);
  return texts;
}

std::string histogram_text(std::span<const std::int64_t> values_ns, std::int64_t absent) {
  load::histogram all;
  for (const std::int64_t value : values_ns)
    if (value != absent) all.record(value);
  return encode_histogram(all);
}

}  // namespace tailrace
