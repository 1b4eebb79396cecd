// SPDX-License-Identifier: MIT
// The distributions of runtimes (runtimes/metrics.hpp) as `histograms` of the result event: base64
// HdrHistogram V2, those of one name merged. A library apart: only targets whose runtime has any
// link the codec. Pure function; any thread; some 100 us a histogram.
#pragma once

#include <span>

#include "harness/targets/target_description.hpp"
#include "metrics.hpp"

namespace tailrace {

string_map histogram_texts(std::span<const runtime_metrics> runtimes);

}  // namespace tailrace
