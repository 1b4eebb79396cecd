// SPDX-License-Identifier: MIT
// HdrHistogram's V2 compressed encoding as base64 text ("HISTFAAA..."), the interchange form that
// the Java, C, Python, Rust and Go libraries read. Writing gives lowest = 1, highest = 3.6e12,
// digits = 3. Reading accepts any geometry up to 5 digits; where it differs from ours, each bucket
// is re-recorded at its middle. The text may come from anywhere: every length is bounded before it
// is believed and a refusal is a value. Pure functions, any thread; some 100 us each. Source:
// EncodableHistogram / AbstractHistogram of HdrHistogram (Java) and hdr_histogram_log.c.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "harness/load/histogram.hpp"

namespace tailrace::load {

// Longest text that decode_histogram() looks at; ours are 1 to 10 KiB.
inline constexpr std::size_t histogram_text_bytes_max = 4U << 20;

[[nodiscard]] std::string encode_histogram(const histogram& source);

struct decoded_histogram {
  std::optional<histogram> value;
  std::string refusal;  // one sentence, when there is no value
};
[[nodiscard]] decoded_histogram decode_histogram(std::string_view text);

}  // namespace tailrace::load
