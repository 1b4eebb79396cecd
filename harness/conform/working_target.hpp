// SPDX-License-Identifier: MIT
// A target that works in process, without a client, between `ready` and `result`: as
// running_target (target_child.hpp) is for those that serve. Every step is checked for what the
// contract says of all such workloads. One thread.
#pragma once

#include <string>
#include <vector>

#include "harness/conform/check.hpp"
#include "harness/conform/target_child.hpp"

namespace tailrace::conform {

// `--set` before each.
std::vector<std::string> set_words(const std::vector<std::string>& settings);
// A check_skipped where the target has no such workload; a check_failed where an option is missing.
void require_workload(const context& with, const std::string& workload,
                      const std::vector<std::string>& options);
// Exit code 2 with each of these.
void require_refused(const context& with, const std::string& workload,
                     const std::vector<std::string>& settings);

class working_target {
 public:
  // first_command: sent before `ready` is read; empty: none.
  working_target(const context& with, const std::string& workload,
                 const std::vector<std::string>& settings, const std::string& first_command = "");

  target_child& child() { return child_; }
  // A check_skipped where the target lets fewer tasks run at once.
  void require_room(std::int64_t tasks) const;
  count_map sample();
  // Samples until the count has this value.
  void await_count(const std::string& name, std::int64_t value);
  // The result that comes by itself, within the patience and `beyond`; then exit 0.
  target_event await_result(std::chrono::milliseconds beyond = {});
  // The same after `stop`, within the 5 s of the contract.
  target_event stop();

 private:
  target_event read_result(steady::time_point until);

  const context& with_;
  target_child child_;
  int workers_ = 0;
  std::int64_t room_ = 0;
  count_map last_;
};

}  // namespace tailrace::conform
