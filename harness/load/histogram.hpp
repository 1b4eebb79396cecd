// SPDX-License-Identifier: MIT
// A high dynamic range histogram of nanoseconds: 0 ns to 1 h with 3 significant digits, 64-bit
// counts. Buckets are linear inside a power of two and double from one to the next, so every value
// is kept within 1/1000 of itself. Not thread-safe: one histogram a thread, merged at the end;
// merging adds counts and is exact. Cost: record() is a handful of instructions and one cache line;
// a histogram is 264 KiB. Source: HdrHistogram by Gil Tene (hdrhistogram.org); the layout is that
// of its lowest = 1, highest = 3.6e12, digits = 3, so that histogram_codec.hpp can write what other
// languages' libraries read.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace tailrace::load {

class histogram {
 public:
  static constexpr std::int64_t lowest_ns = 1;
  static constexpr std::int64_t highest_ns = 3'600'000'000'000;
  static constexpr int significant_digits = 3;
  // 2^11 = 2048, the power of two above 2 * 10^3
  static constexpr std::uint32_t sub_bucket_bits = 11;
  static constexpr std::uint32_t sub_buckets = 1U << sub_bucket_bits;
  static constexpr std::uint32_t half = sub_buckets / 2;
  // 2048 << 31 is the first to reach beyond highest_ns
  static constexpr std::uint32_t buckets = 32;
  static constexpr std::uint32_t bucket_count = (buckets + 1) * half;

  struct bucket {
    std::uint32_t index;
    std::uint64_t count;
  };

  histogram() : counts_(bucket_count, 0) {}

  // A value outside of the range is recorded at the nearest end and counted in out_of_range().
  void record(std::int64_t value_ns, std::uint64_t count = 1) noexcept {
    if (value_ns < 0 || value_ns > highest_ns) [[unlikely]] {
      out_of_range_ += count;
      value_ns = value_ns < 0 ? 0 : highest_ns;
    }
    if (value_ns < min_) min_ = value_ns;
    if (value_ns > max_) max_ = value_ns;
    total_ += count;
    counts_[index_of(value_ns)] += count;
  }

  // Adds the counts of `other`; nothing is rounded.
  void merge(const histogram& other) noexcept;
  // Adds `count` to one bucket: for decoders and for buckets taken by nonzero().
  void add_to_bucket(std::uint32_t index, std::uint64_t count) noexcept;
  void clear() noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return total_; }
  [[nodiscard]] std::uint64_t out_of_range() const noexcept { return out_of_range_; }
  // Exact, not rounded to a bucket, unless they came through add_to_bucket(). 0 when empty.
  [[nodiscard]] std::int64_t min() const noexcept { return total_ == 0 ? 0 : min_; }
  [[nodiscard]] std::int64_t max() const noexcept { return total_ == 0 ? 0 : max_; }
  // Of the buckets' middles, as HdrHistogram does. 0 when empty.
  [[nodiscard]] double mean() const noexcept;
  // The value that at least ceil(q * count) of the recorded values do not exceed, at the top of its
  // bucket but never above max(). q is clamped to [0, 1]; 0 when empty.
  [[nodiscard]] std::int64_t quantile(double q) const noexcept;
  [[nodiscard]] std::uint64_t count_at(std::uint32_t index) const noexcept {
    return counts_[index];
  }
  // The buckets in use, ascending: a compact copy.
  [[nodiscard]] std::vector<bucket> nonzero() const;
  // One past the highest bucket in use; 0 when empty.
  [[nodiscard]] std::uint32_t used_buckets() const noexcept;

  // value must be in [0, highest_ns].
  static constexpr std::uint32_t index_of(std::int64_t value_ns) noexcept {
    const auto value = static_cast<std::uint64_t>(value_ns);
    const auto width = static_cast<std::uint32_t>(std::bit_width(value | (sub_buckets - 1)));
    const std::uint32_t power = width - sub_bucket_bits;  // width is never below sub_bucket_bits
    const auto sub = static_cast<std::uint32_t>(value >> power);
    return power * half + sub;
  }
  static constexpr std::int64_t bucket_lowest(std::uint32_t index) noexcept {
    const std::uint32_t power = power_of(index);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(index - power * half) << power);
  }
  static constexpr std::int64_t bucket_highest(std::uint32_t index) noexcept {
    return bucket_lowest(index) + (std::int64_t{1} << power_of(index)) - 1;
  }

 private:
  static constexpr std::uint32_t power_of(std::uint32_t index) noexcept {
    return index < sub_buckets ? 0 : index / half - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t out_of_range_ = 0;
  std::int64_t min_ = INT64_MAX;
  std::int64_t max_ = -1;
};

}  // namespace tailrace::load
