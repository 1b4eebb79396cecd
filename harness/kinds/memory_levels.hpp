// SPDX-License-Identifier: MIT
// Memory of one thing (a connection, a task) as the slope over how many of them there are. Each
// count gets a fresh target in a fresh memory cgroup, so that no level holds what an earlier one
// left behind. The counts come in shuffled order; 0 comes first and last, and the difference of the
// two is the drift. A kind says what one level is.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/campaign/cell_run.hpp"
#include "harness/campaign/kind.hpp"
#include "harness/campaign/table_reader.hpp"
#include "harness/observe/clock.hpp"
#include "harness/observe/memory_use.hpp"

namespace tailrace::kinds {

struct level_reading {
  std::string state;  // of the things that are counted, as in "idle"
  std::int64_t n = 0;
  double t_s = 0;  // since the cell began
  observe::memory_reading memory;
};

struct level_readings {
  std::int64_t begin_ns = observe::monotonic_ns();
  std::vector<level_reading> all;
  observe::memory_source source = observe::memory_source::none;
  std::string source_cause;  // why it is no better one
  std::string size_source;   // of counted objects
  std::optional<bool> charges_accepted;
  std::vector<std::string> faults;
};

// One level: a fresh target that is being read. Main thread.
class memory_level {
 public:
  memory_level(const campaign::cell_context& cell, const session::target_limits& limits,
               const std::map<std::string, std::string>& options, double settle_s,
               nlohmann::json& record, level_readings& into);

  session::output_pump& pump() { return pump_; }
  session::target_session& target() { return target_; }
  const session::ready_event& ready() const { return ready_; }
  // Lets memory settle, then adds a reading.
  void read(const char* state, std::int64_t n, const observe::reading_context& context = {});
  // Ends the target and checks its counts.
  void finish();

 private:
  observe::memory_meter meter_;  // outlives the target in its cgroup
  session::output_pump pump_;
  session::target_session target_;
  campaign::target_note note_;
  session::ready_event ready_;
  double settle_s_;
  nlohmann::json& record_;
  level_readings& into_;
};

struct level_keys {
  std::vector<std::int64_t> counts;
  double settle_s = 0.2;  // rest before each reading
};
// fallback: the counts where there are none; empty: they have to be there.
level_keys read_level_keys(const campaign::table_reader& in,
                           const std::vector<std::int64_t>& fallback = {});

class work_in_levels : public campaign::point_work {
 public:
  explicit work_in_levels(level_keys keys) : keys_(std::move(keys)) {}

  nlohmann::json json() const override;
  double expected_s() const override;
  void run(const campaign::cell_context& cell, nlohmann::json& record) const override;

 protected:
  const level_keys& keys() const { return keys_; }

 private:
  virtual const char* unit() const = 0;
  // How many states of a level are read.
  virtual int states() const = 0;
  // cause: why they are not those of the point, or as it is.
  virtual std::vector<std::int64_t> counts_for(const campaign::cell_context&,
                                               std::string& /*cause*/) const {
    return keys_.counts;
  }
  virtual std::string client_half(const level_readings& read) const = 0;
  virtual void measure(const campaign::cell_context& cell, std::int64_t n, nlohmann::json& record,
                       level_readings& into) const = 0;

  level_keys keys_;
};

}  // namespace tailrace::kinds
