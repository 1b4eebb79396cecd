// SPDX-License-Identifier: MIT
// A kind of point as the campaign knows it: how to read one from a profile, and what it does. Each
// kind is one file of harness/kinds and one line of its registry; the campaign is handed the
// registry and knows no kind by name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

namespace tailrace::campaign {

class table_reader;
struct cell_context;
class sliced_work;

// The part of a point that is its kind's own. Immutable once read, so a plan's copies share it.
// Any thread, but for run().
class point_work {
 public:
  virtual ~point_work() = default;

  // The point's id where the profile gives none: of the keys by which points of the kind differ as
  // a rule. Two points of a profile with one id are refused, so one of them needs its own.
  virtual std::string derived_id() const = 0;
  // The keys of the point in the result files, beside those of every point.
  virtual nlohmann::json json() const = 0;
  // The options that the point sets for the target's workload.
  virtual std::map<std::string, std::string> target_options() const { return {}; }
  // About how long one cell takes.
  virtual double expected_s() const = 0;
  // How many are open at once: target and client need a descriptor for each.
  virtual std::int64_t connections() const { return 0; }
  // Whether it shows how work moves between workers, so that each needs a core.
  virtual bool needs_a_core_per_worker() const { return false; }

  // How it is measured in slices, beside other subjects and points (generation.hpp); null: each
  // cell alone, by run().
  virtual const sliced_work* sliced() const { return nullptr; }
  // Runs one cell with fresh processes. Fills the objects of `record` that are its own, and
  // validity and status (judge() in cell_run.hpp). Throws a refusal where there is no measurement.
  // Main thread only. Not called where sliced() is not null.
  virtual void run(const cell_context& cell, nlohmann::json& record) const;
};

struct kind {
  const char* name;      // in profiles and result files
  const char* workload;  // of the target
  // Asks the reader for every key that it knows; refuses bad values.
  std::shared_ptr<const point_work> (*read)(const table_reader& in);
};

using kind_list = std::span<const kind>;

}  // namespace tailrace::campaign
