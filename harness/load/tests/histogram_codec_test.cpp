// SPDX-License-Identifier: MIT
// The V2 codec: round trips, golden vectors that foreign libraries wrote, and hostile texts.
#include "harness/load/histogram_codec.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/load/base64.hpp"
#include "harness/load/random.hpp"
#include "harness/load/tests/histogram_samples.hpp"

namespace tailrace::load {
namespace {

histogram filled_with(const std::vector<std::int64_t>& values) {
  histogram filled;
  for (const auto value : values)
    filled.record(value);
  return filled;
}

void expect_equal_counts(const histogram& left, const histogram& right) {
  ASSERT_EQ(left.count(), right.count());
  for (std::uint32_t i = 0; i < histogram::bucket_count; ++i)
    ASSERT_EQ(left.count_at(i), right.count_at(i)) << "bucket " << i;
}

// Wraps an inner form the way an encoder would, so that a hostile inner form reaches the decoder.
std::string packed(const std::vector<std::uint8_t>& inner) {
  uLongf length = compressBound(inner.size());
  std::vector<std::uint8_t> outer(8 + length);
  compress(outer.data() + 8, &length, inner.data(), inner.size());
  outer.resize(8 + length);
  const std::uint8_t header[] = {0x1c, 0x84, 0x93, 0x14};
  std::copy(std::begin(header), std::end(header), outer.begin());
  for (int i = 0; i < 4; ++i)
    outer[static_cast<std::size_t>(4 + i)] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  return to_base64(outer);
}

std::vector<std::uint8_t> unpacked(const std::string& text) {
  const auto outer = from_base64(text).value();
  std::vector<std::uint8_t> inner(1U << 20);
  uLongf length = inner.size();
  EXPECT_EQ(uncompress(inner.data(), &length, outer.data() + 8, outer.size() - 8), Z_OK);
  inner.resize(length);
  return inner;
}

TEST(histogram_codec, what_is_written_reads_back_bucket_for_bucket) {
  for (const auto& sample : histogram_samples()) {
    SCOPED_TRACE(sample.name);
    const auto filled = filled_with(sample.values);
    const auto text = encode_histogram(filled);
    EXPECT_EQ(text.substr(0, 8), "HISTFAAA");
    const auto back = decode_histogram(text);
    ASSERT_TRUE(back.value.has_value()) << back.refusal;
    expect_equal_counts(*back.value, filled);
  }
}

TEST(histogram_codec, the_largest_counts_survive) {
  histogram filled;
  filled.record(5, INT64_MAX - 300);
  filled.record(3'000'000, 127);
  const auto back = decode_histogram(encode_histogram(filled));
  ASSERT_TRUE(back.value.has_value()) << back.refusal;
  expect_equal_counts(*back.value, filled);
}

TEST(histogram_codec, golden_vectors_of_foreign_libraries_read_exactly) {
  int read = 0;
  for (const char* library : {"python-hdrhistogram", "rust-hdrhistogram"}) {
    std::ifstream file(std::string(TAILRACE_GOLDEN_DIR "/") + library + ".json");
    ASSERT_TRUE(file.good()) << library;
    const auto vectors = nlohmann::json::parse(file);
    for (const auto& sample : histogram_samples()) {
      SCOPED_TRACE(std::string(library) + " " + sample.name);
      const auto back = decode_histogram(vectors.at(sample.name).get<std::string>());
      ASSERT_TRUE(back.value.has_value()) << back.refusal;
      expect_equal_counts(*back.value, filled_with(sample.values));
      ++read;
    }
    // Another geometry (2 digits, 1 us .. 1 min): each value must come back within 1 %.
    const auto coarse = decode_histogram(vectors.at("coarse").get<std::string>());
    ASSERT_TRUE(coarse.value.has_value()) << coarse.refusal;
    EXPECT_EQ(coarse.value->count(), 3U);
    EXPECT_NEAR(static_cast<double>(coarse.value->quantile(0.1)), 5e4, 1000);
    EXPECT_NEAR(static_cast<double>(coarse.value->quantile(0.5)), 7e6, 7e4);
    EXPECT_NEAR(static_cast<double>(coarse.value->quantile(1.0)), 5e10, 5e8);
  }
  EXPECT_EQ(read, 10);
}

TEST(histogram_codec, every_truncation_is_refused) {
  const auto text = encode_histogram(filled_with(histogram_samples()[2].values));
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto back = decode_histogram(text.substr(0, length));
    ASSERT_FALSE(back.value.has_value()) << length;
    ASSERT_FALSE(back.refusal.empty());
  }
}

TEST(histogram_codec, flipped_bytes_never_crash_it) {
  const auto inner = unpacked(encode_histogram(filled_with(histogram_samples()[3].values)));
  random_source random(11);
  for (int i = 0; i < 500; ++i) {
    auto broken = inner;
    for (int flips = 0; flips < 3; ++flips)
      broken[random.below(i % 2 == 0 ? 60 : broken.size())] =
          static_cast<std::uint8_t>(random.next());
    const auto back = decode_histogram(packed(broken));
    EXPECT_NE(back.value.has_value(), !back.refusal.empty());
  }
}

TEST(histogram_codec, hostile_lengths_are_refused) {
  const auto good = unpacked(encode_histogram(filled_with({1, 2, 3})));
  const auto refused = [&](std::size_t at, std::vector<std::uint8_t> bytes) {
    auto broken = good;
    std::copy(bytes.begin(), bytes.end(), broken.begin() + static_cast<std::ptrdiff_t>(at));
    return !decode_histogram(packed(broken)).value.has_value();
  };
  EXPECT_FALSE(refused(0, {0x1c}));
  EXPECT_TRUE(refused(0, {0x1d}));
  EXPECT_TRUE(refused(4, {0xff, 0xff, 0xff, 0xff}));
  EXPECT_TRUE(refused(8, {0, 0, 0, 1}));
  EXPECT_TRUE(refused(12, {0, 0, 0, 6}));
  EXPECT_TRUE(refused(12, {0x7f, 0xff, 0xff, 0xff}));
  EXPECT_TRUE(refused(16, {0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_TRUE(refused(16, {0x7f, 0xff, 0xff, 0xff}));
  EXPECT_TRUE(refused(24, {0xff, 0xff, 0xff, 0xff}));
  EXPECT_TRUE(refused(40, {0x01, 0xff, 0xff, 0xff}));
  std::vector<std::uint8_t> bomb(8U << 20, 0);
  EXPECT_FALSE(decode_histogram(packed(bomb)).value.has_value());
  bomb.resize(64U << 20);
  EXPECT_FALSE(decode_histogram(packed(bomb)).value.has_value());
  EXPECT_FALSE(decode_histogram(std::string(histogram_text_bytes_max + 4, 'A')).value.has_value());
}

TEST(histogram_codec, runs_of_zeros_and_counts_are_bounded) {
  auto inner = unpacked(encode_histogram(histogram()));
  ASSERT_EQ(inner.size(), 40U);
  const auto with = [&](std::vector<std::uint8_t> payload) {
    auto whole = inner;
    whole.insert(whole.end(), payload.begin(), payload.end());
    whole[7] = static_cast<std::uint8_t>(payload.size());
    return decode_histogram(packed(whole)).value.has_value();
  };
  EXPECT_TRUE(with({2, 4}));
  EXPECT_FALSE(with({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));  // INT64_MIN zeros
  const std::vector<std::uint8_t> huge{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  EXPECT_TRUE(with(huge));
  auto twice = huge;
  twice.insert(twice.end(), huge.begin(), huge.end());
  EXPECT_FALSE(with(twice));
}

TEST(base64, matches_the_vectors_of_rfc_4648_and_is_strict) {
  const auto bytes = [](std::string_view text) {
    return std::vector<std::uint8_t>(text.begin(), text.end());
  };
  EXPECT_EQ(to_base64(bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(to_base64(bytes("fooba")), "Zm9vYmE=");
  EXPECT_EQ(to_base64(bytes("foob")), "Zm9vYg==");
  EXPECT_EQ(from_base64("Zm9vYg=="), bytes("foob"));
  EXPECT_EQ(from_base64(""), bytes(""));
  for (const char* bad : {"Zm9", "Zm9vYh==", "Z===", "Zm 9", "=m9v", "Zm=v", "Zm9\n"})
    EXPECT_FALSE(from_base64(bad).has_value()) << bad;
}

}  // namespace
}  // namespace tailrace::load
