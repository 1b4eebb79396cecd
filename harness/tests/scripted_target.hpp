// SPDX-License-Identifier: MIT
// Scripted servers under the target protocol. The main thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "harness/targets/target_main.hpp"
#include "harness/tests/scripted_server.hpp"

namespace tailrace::scripted {

using make_script = std::function<std::unique_ptr<script>(const option_values&)>;

class scripted_target : public served_target {
 public:
  explicit scripted_target(make_script make, const faults& wrong = {})
      : make_(std::move(make)), faults_(wrong) {}

  ready_info start(const run_request& request, finish_signal& finished) override;
  named_counts sample() override;
  void stop() override;
  result_info finish() override;

 protected:
  served_counts sum() const;

 private:
  make_script make_;
  faults faults_;
  std::deque<server> servers_;
  worker_threads threads_;  // after servers_: joined before they go
};

}  // namespace tailrace::scripted
