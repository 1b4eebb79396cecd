// SPDX-License-Identifier: MIT
// Makes a target out of a server that is one loop a worker, without tasks: the floors, libraries as
// their own users drive them, and test servers. A Loop owns its listening socket and has run() on
// its worker's thread, stop() and counts() for any thread. The main thread owns it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "harness/targets/listeners.hpp"
#include "harness/targets/refused_by_kernel.hpp"
#include "harness/targets/target_main.hpp"

namespace tailrace {

template <class Loop>
class loop_target : public served_target {
 public:
  // Makes the loop of a listening socket at the end of the list. Throws run_refused, or
  // std::system_error where the kernel refuses what a loop needs.
  using add_loop = std::function<void(std::deque<Loop>&, int listener, const option_values&)>;

  loop_target(std::string backend, add_loop add)
      : backend_(std::move(backend)), add_(std::move(add)) {}

  ready_info start(const run_request& request, finish_signal& finished) override {
    idle_ = request.workload == "idle";
    const listeners opened = open_listeners(request);
    try {
      for (const int listener : opened.descriptors)
        add_(loops_, listener, request.options);
    } catch (const std::system_error& error) {
      throw refused_by_kernel("cannot start a loop", error.code().value());
    }
    threads_.start(request.workers, request.cpus, finished,
                   [this](int index) { loops_[static_cast<std::size_t>(index)].run(); });
    return {opened.addresses, backend_, request.workers, granted()};
  }
  named_counts sample() override { return without_tasks(sum(), idle_); }
  void stop() override {
    for (Loop& loop : loops_)
      loop.stop();
  }
  result_info finish() override {
    threads_.join();
    return {sample(), metrics(), {}};
  }

 protected:
  virtual served_counts sum() const {
    served_counts all;
    for (const Loop& loop : loops_)
      add_counts(all, loop.counts());
    return all;
  }
  // Once all loops run, and once all have ended.
  virtual event_fields granted() const { return {}; }
  virtual event_fields metrics() const { return {}; }

  // A number of each loop.
  template <class Of>
  std::vector<std::int64_t> of_each(Of of) const {
    std::vector<std::int64_t> values;
    for (const Loop& loop : loops_)
      values.push_back(static_cast<std::int64_t>(of(loop)));
    return values;
  }

  std::deque<Loop> loops_;  // a deque: the loops do not move

 private:
  std::string backend_;
  add_loop add_;
  bool idle_ = false;
  worker_threads threads_;  // after loops_: joined before they go
};

}  // namespace tailrace
