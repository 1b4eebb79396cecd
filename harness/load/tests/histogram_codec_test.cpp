// SPDX-License-Identifier: MIT
// The V2 encoder against what foreign libraries wrote of the same values (golden/), byte for byte
// inside of the compression. That they read ours: foreign_histogram_test.py.
#include "harness/load/histogram_codec.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/load/tests/histogram_samples.hpp"

namespace tailrace::load {
namespace {

std::vector<std::uint8_t> bytes_of_base64(std::string_view text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::uint8_t> bytes;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = (bits << 6) | static_cast<std::uint32_t>(alphabet.find(c));
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> have));
  }
  return bytes;
}

// What is inside of the compression.
std::vector<std::uint8_t> unpacked(const std::string& text) {
  const auto outer = bytes_of_base64(text);
  std::vector<std::uint8_t> inner(1U << 20);
  uLongf length = inner.size();
  EXPECT_EQ(uncompress(inner.data(), &length, outer.data() + 8, outer.size() - 8), Z_OK);
  inner.resize(length);
  return inner;
}

TEST(histogram_codec, writes_what_foreign_libraries_write) {
  for (const auto& sample : histogram_samples()) {
    SCOPED_TRACE(sample.name);
    // Each of them has a spelling of its own: of no value, and of one zero between two counts.
    const char* const library = sample.values.empty() ? "python-hdrhistogram" : "rust-hdrhistogram";
    std::ifstream file(std::string(TAILRACE_GOLDEN_DIR "/") + library + ".json");
    ASSERT_TRUE(file.good()) << library;
    const auto golden = nlohmann::json::parse(file).at(sample.name).get<std::string>();
    histogram filled;
    for (const auto value : sample.values)
      filled.record(value);
    const std::string text = encode_histogram(filled);
    EXPECT_EQ(text.substr(0, 8), "HISTFAAA");
    EXPECT_EQ(text.size() % 4, 0U);
    EXPECT_EQ(unpacked(text), unpacked(golden));
  }
}

TEST(histogram_codec, the_largest_count_has_nine_bytes) {
  histogram filled;
  filled.record(0, INT64_MAX);
  const auto inner = unpacked(encode_histogram(filled));
  const std::vector<std::uint8_t> payload(inner.begin() + 40, inner.end());
  EXPECT_EQ(payload,
            (std::vector<std::uint8_t>{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
}

}  // namespace
}  // namespace tailrace::load
