// SPDX-License-Identifier: MIT
// HdrHistogram's V2 compressed encoding as base64 text ("HISTFAAA..."), the interchange form that
// the Java, C, Python, Rust and Go libraries read, with lowest = 1, highest = 3.6e12, digits = 3.
// Pure, any thread; some 100 us. Source: EncodableHistogram / AbstractHistogram of HdrHistogram
// (Java) and hdr_histogram_log.c.
#pragma once

#include <string>

#include "harness/load/histogram.hpp"

namespace tailrace::load {

[[nodiscard]] std::string encode_histogram(const histogram& source);

}  // namespace tailrace::load
