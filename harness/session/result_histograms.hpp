// SPDX-License-Identifier: MIT
// The histograms of a `result` event (runtimes/PROTOCOL.md): sparse pairs, read without trust into
// the histograms of the load generator. Pure; any thread; under 10 ms a histogram.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/load/histogram.hpp"

namespace tailrace::session {

using histogram_map = std::map<std::string, load::histogram>;

inline constexpr std::size_t histogram_pairs_max = 40'000;
inline constexpr std::size_t histograms_max = 16;

// Names are of a-z, 0-9 and '_', at most 40 characters: they become parts of file names. Throws a
// refusal that names the histogram and the pair.
histogram_map read_histograms(const nlohmann::json& object);

}  // namespace tailrace::session
