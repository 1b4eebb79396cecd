// SPDX-License-Identifier: MIT
// Seeded values shared by the codec tests, the golden vectors and the foreign-library test: the
// formulas are simple enough to be repeated in any language (tests/golden/README.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tailrace::load {

struct histogram_sample {
  std::string name;
  std::vector<std::int64_t> values;
};

// x(0) = 1, x(n+1) = x(n) * 6364136223846793005 + 1442695040888963407 modulo 2^64.
inline std::vector<histogram_sample> histogram_samples() {
  std::uint64_t x = 1;
  const auto next = [&x] { return x = x * 6364136223846793005U + 1442695040888963407U; };
  std::vector<histogram_sample> samples{{"empty", {}}, {"one", {123456789}}};
  histogram_sample near{"near", {}};
  for (int i = 0; i < 10000; ++i)
    near.values.push_back(static_cast<std::int64_t>(20000 + (next() >> 33) % 80000));
  histogram_sample wide{"wide", {}};
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t bits = next() >> 23;  // 41 bits, below one hour
    wide.values.push_back(static_cast<std::int64_t>((bits >> (next() >> 59)) + 1));
  }
  histogram_sample heavy{"heavy", {}};
  for (int i = 0; i < 70000; ++i)
    heavy.values.push_back(1000);
  heavy.values.push_back(3'600'000'000'000);
  heavy.values.push_back(1);
  samples.push_back(std::move(near));
  samples.push_back(std::move(wide));
  samples.push_back(std::move(heavy));
  return samples;
}

}  // namespace tailrace::load
