// SPDX-License-Identifier: MIT
// How often each time occurred: a histogram of nanoseconds that keeps 11 significant bits, so that
// a time is known to 0.1 %, as the target protocol allows (runtimes/PROTOCOL.md, Histograms). Below
// 0 counts as 0, from 73 minutes on as that. One thread at a time.
// Cost: record() is a handful of instructions and one cache line; 264 KiB. Source: HdrHistogram by
// Gil Tene.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tailrace {

// Pairs of a value and its count, ascending.
using count_pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

class value_counts {
 public:
  void record(std::int64_t ns, std::uint64_t count = 1) noexcept {
    const auto value = static_cast<std::uint64_t>(std::clamp<std::int64_t>(ns, 0, longest_ns));
    counts_[index_of(value)] += count;
  }
  void add(const value_counts& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += other.counts_[i];
  }
  // Of the values in use; each stands for those that differ from it in lower bits only.
  count_pairs pairs() const {
    count_pairs all;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if (counts_[i] != 0) all.emplace_back(lowest_of(i), counts_[i]);
    return all;
  }

 private:
  static constexpr unsigned kept_bits = 11;
  static constexpr std::uint64_t half = 1U << (kept_bits - 1);
  static constexpr unsigned longest_bits = 42;
  static constexpr std::int64_t longest_ns = (std::int64_t{1} << longest_bits) - 1;

  // 2 * half exact values, then `half` of them for each power of two.
  static constexpr std::size_t index_of(std::uint64_t value) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(value | half));
    const unsigned shift = width - kept_bits;
    return shift * half + (value >> shift);
  }
  static constexpr std::uint64_t lowest_of(std::size_t index) noexcept {
    const std::size_t shift = index < 2 * half ? 0 : index / half - 1;
    return (index - shift * half) << shift;
  }

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(index_of(longest_ns) + 1);
};

}  // namespace tailrace
