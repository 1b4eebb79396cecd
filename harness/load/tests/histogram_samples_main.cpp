// SPDX-License-Identifier: MIT
// Prints one JSON object: each sample's values as written by our encoder, with our quantiles, for a
// foreign library to check. Called by foreign_histogram_test.py.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "harness/load/histogram_codec.hpp"
#include "harness/load/tests/histogram_samples.hpp"

int main() {
  using namespace tailrace::load;
  nlohmann::json all = nlohmann::json::array();
  for (const auto& sample : histogram_samples()) {
    histogram filled;
    for (const auto value : sample.values)
      filled.record(value);
    nlohmann::json one{{"name", sample.name},
                       {"values", sample.values},
                       {"encoded", encode_histogram(filled)},
                       {"count", filled.count()},
                       {"mean", filled.mean()},
                       {"quantiles", nlohmann::json::object()}};
    for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0})
      one["quantiles"][nlohmann::json(q * 100).dump()] = filled.quantile(q);
    for (const auto& bucket : filled.nonzero())
      one["buckets"].push_back({histogram::bucket_lowest(bucket.index),
                                histogram::bucket_highest(bucket.index), bucket.count});
    all.push_back(std::move(one));
  }
  std::printf("%s\n", all.dump().c_str());
  return 0;
}
