// SPDX-License-Identifier: MIT
// What was measured, metric by metric, and what could not be and why; as JSON (schema
// "tailrace-cost-1", README.md) or as a table. One thread.
//
// The kind of a metric says how it repeats:
//   exact   the same number in each repeat, unless the program itself is not deterministic
//   banded  repeats within a few per cent: batches, pages and the order of threads show in it
//   timed   a time, or what depends on times: to be compared by statistics alone
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/cost/cost_options.hpp"

namespace tailrace::cost {

enum class metric_kind { exact, banded, timed };

struct metric {
  std::string name;
  std::string unit;
  metric_kind kind = metric_kind::exact;
  std::vector<double> values;   // one a repeat
  std::int64_t operations = 0;  // that one value is of
};

class cost_sheet {
 public:
  // The value of one repeat. Repeats count from 0; those without a value of this metric have 0.
  void add(int repeat, const metric& what, double value);
  // In one repeat is absent altogether. Only the first cause of a name is kept.
  void add_absent(const std::string& name, const std::string& cause);
  // By which of several ways a group was measured.
  void set_source(const std::string& group, const std::string& source);

  nlohmann::json json_of(const std::string& target_id, const cost_options& options) const;
  std::string table_of(const std::string& target_id, const cost_options& options) const;

 private:
  bool is_absent(const std::string& name) const;

  struct absence {
    std::string name;
    std::string cause;
  };
  std::vector<metric> metrics_;  // in the order in which they came
  std::vector<absence> absent_;
  std::vector<std::pair<std::string, std::string>> sources_;
};

}  // namespace tailrace::cost
