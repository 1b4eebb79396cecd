// SPDX-License-Identifier: MIT
// Distributions as `histograms` of the result event: base64 HdrHistogram V2. Those of runtimes
// (runtimes/metrics.hpp), where those of one name are merged, and those of in-process workloads. A
// library apart: floors and test servers have none. Pure functions; any thread; some 100 us a
// histogram.
#pragma once

#include <span>

#include "harness/targets/target_description.hpp"
#include "runtimes/base/metrics.hpp"

namespace tailrace {

string_map histogram_texts(std::span<const runtime_metrics> runtimes);

// Of values in ns, some of which may be left out: those equal to `absent`.
std::string histogram_text(std::span<const std::int64_t> values_ns, std::int64_t absent);

}  // namespace tailrace
