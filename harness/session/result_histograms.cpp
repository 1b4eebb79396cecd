// SPDX-License-Identifier: MIT
// See result_histograms.hpp.
#include "harness/session/result_histograms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/record/json_fields.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/child_output.hpp"

namespace tailrace::session {
namespace {

using nlohmann::json;

// Sums of this many cannot overflow, whatever the counts.
constexpr std::int64_t count_max = INT64_MAX / static_cast<std::int64_t>(histogram_pairs_max);

bool is_plain(const std::string& name) {
  return !name.empty() && name.size() <= 40 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

load::histogram read_pairs(const std::string& name, const json& pairs) {
  const auto refuse = [&name](const std::string& what) {
    throw refusal(fmt::format("the histogram `{}` of the target's `result` {}", name, what));
  };
  if (!pairs.is_array()) refuse("is not a list of pairs");
  if (pairs.size() > histogram_pairs_max)
    refuse(fmt::format("has {} pairs, more than {}", pairs.size(), histogram_pairs_max));
  load::histogram values;
  std::int64_t before = -1;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const json& pair = pairs[i];
    if (!pair.is_array() || pair.size() != 2) refuse(fmt::format("has no pair at {}", i));
    const auto value = record::integer_of(pair[0]);
    const auto count = record::integer_of(pair[1]);
    if (!value || !count) refuse(fmt::format("has no two integers at {}", i));
    if (*value <= before) refuse(fmt::format("is not ascending from 0 at {}", i));
    if (*count <= 0 || *count > count_max)
      refuse(fmt::format("has no count from 1 to {} at {}", count_max, i));
    values.record(*value, static_cast<std::uint64_t>(*count));
    before = *value;
  }
  return values;
}

}  // namespace

histogram_map read_histograms(const json& object) {
  if (!object.is_object()) throw refusal("the target's `histograms` is not an object");
  if (object.size() > histograms_max) {
    throw refusal(fmt::format("the target's `result` has {} histograms, more than {}",
                              object.size(), histograms_max));
  }
  histogram_map read;
  for (const auto& [name, pairs] : object.items()) {
    if (!is_plain(name)) {
      throw refusal("the target's `result` names a histogram " + quoted_excerpt(name) +
                    ": use at most 40 of a-z, 0-9 and _");
    }
    read.emplace(name, read_pairs(name, pairs));
  }
  return read;
}

}  // namespace tailrace::session
