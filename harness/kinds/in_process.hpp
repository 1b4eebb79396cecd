// SPDX-License-Identifier: MIT
// What kinds have in common whose workload runs inside the target, without a client: fresh process,
// `ready`, `start`, and then the harness keeps still until the `result` comes, which carries counts
// and histograms. CPU time and switches are the process's own, from before `start` to its end.
// A kind says what the work has to have done.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/cell_run.hpp"
#include "harness/campaign/kind.hpp"
#include "harness/session/target_event.hpp"

namespace tailrace::kinds {

// What a kind adds to one cell. The base is that of a kind that adds nothing.
class cell_surroundings {
 public:
  virtual ~cell_surroundings() = default;
  // Options of the target beside those of the point.
  virtual std::map<std::string, std::string> options() const { return {}; }
  // Just before `start`, and once the target is gone. device_read_bytes: what the kernel accounts
  // to the target as read from devices.
  virtual void before_start(int /*pid*/) {}
  virtual void after_end(std::int64_t /*device_read_bytes*/, nlohmann::json& /*record*/) {}
  // Checks of its own.
  virtual std::vector<campaign::validity_check> checks(const session::count_map& counts) const = 0;
};

class work_in_process : public campaign::point_work {
 public:
  explicit work_in_process(std::map<std::string, std::string> options)
      : options_(std::move(options)) {}

  nlohmann::json json() const override;
  std::map<std::string, std::string> target_options() const override { return options_; }
  double expected_s() const override { return work_s() + 0.3; }
  void run(const campaign::cell_context& cell, nlohmann::json& record) const override;

 protected:
  const std::string& option(const std::string& name) const { return options_.at(name); }
  // 0 where the point has none of that name.
  std::int64_t number(const std::string& name) const;

 private:
  // From `start` to `result`, about.
  virtual double work_s() const = 0;
  // How many tasks exist at one time, which may be threads.
  virtual std::int64_t tasks_at_once() const { return 0; }
  virtual std::unique_ptr<cell_surroundings> surround(const campaign::cell_context& cell) const = 0;
  // Whether the target did the work; each fault is one sentence.
  virtual std::vector<std::string> faults(const session::result_event& result,
                                          std::uint64_t seed) const = 0;

  std::map<std::string, std::string> options_;
};

// A fault where the histogram is absent, or holds another number of values.
std::vector<std::string> histogram_faults(const session::histogram_map& histograms,
                                          const std::string& name, std::int64_t values,
                                          const char* of_what);

}  // namespace tailrace::kinds
