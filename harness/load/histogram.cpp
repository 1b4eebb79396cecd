// SPDX-License-Identifier: MIT
// The parts of the histogram that are off the hot path. See histogram.hpp.
#include "harness/load/histogram.hpp"

#include <algorithm>
#include <cmath>

#include "harness/load/bug_check.hpp"

namespace tailrace::load {

static_assert(histogram::index_of(histogram::highest_ns) < histogram::bucket_count);
static_assert(histogram::index_of(0) == 0);
static_assert(histogram::index_of(2047) == 2047 && histogram::index_of(2048) == 2048);
static_assert(histogram::bucket_lowest(2049) == 2050 && histogram::bucket_highest(2049) == 2051);

void histogram::merge(const histogram& other) noexcept {
  if (other.total_ == 0) return;
  const std::uint32_t used = other.used_buckets();
  for (std::uint32_t i = index_of(other.min_); i < used; ++i)
    counts_[i] += other.counts_[i];
  total_ += other.total_;
  out_of_range_ += other.out_of_range_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void histogram::add_to_bucket(std::uint32_t index, std::uint64_t count) noexcept {
  check(index < bucket_count, "bucket index within the histogram", index, bucket_count);
  if (count == 0) return;
  counts_[index] += count;
  total_ += count;
  min_ = std::min(min_, bucket_lowest(index));
  max_ = std::max(max_, std::min(bucket_highest(index), highest_ns));
}

void histogram::clear() noexcept {
  if (total_ == 0) return;
  std::fill(counts_.begin() + index_of(min_), counts_.begin() + used_buckets(), 0);
  total_ = 0;
  out_of_range_ = 0;
  min_ = INT64_MAX;
  max_ = -1;
}

double histogram::mean() const noexcept {
  if (total_ == 0) return 0;
  double sum = 0;
  const std::uint32_t used = used_buckets();
  for (std::uint32_t i = index_of(min_); i < used; ++i) {
    if (counts_[i] == 0) continue;
    const std::int64_t width = std::int64_t{1} << power_of(i);
    sum += static_cast<double>(bucket_lowest(i) + width / 2) * static_cast<double>(counts_[i]);
  }
  return sum / static_cast<double>(total_);
}

std::int64_t histogram::quantile(double q) const noexcept {
  if (total_ == 0) return 0;
  const double rank = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(total_));
  const auto wanted = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(rank), 1, total_);
  std::uint64_t seen = 0;
  for (std::uint32_t i = index_of(min_); i < bucket_count; ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(bucket_highest(i), max_);
  }
  check_equal(seen, total_, "bucket counts add up to the total");
  return max_;
}

std::vector<histogram::bucket> histogram::nonzero() const {
  std::vector<bucket> found;
  if (total_ == 0) return found;
  const std::uint32_t used = used_buckets();
  for (std::uint32_t i = index_of(min_); i < used; ++i) {
    if (counts_[i] != 0) found.push_back({i, counts_[i]});
  }
  return found;
}

std::uint32_t histogram::used_buckets() const noexcept {
  return total_ == 0 ? 0 : index_of(max_) + 1;
}

}  // namespace tailrace::load
