// SPDX-License-Identifier: MIT
// A library's echo server as its own users write it, without anything of ours around it, made into
// a target: what the adapters in runtimes/ are compared with (scripts/adapter-honesty). A Loop
// serves on one thread: Loop(listener, options), run(), stop() from any thread, and `counts`.
// The main thread.
#pragma once

#include <cerrno>
#include <deque>
#include <memory>
#include <string>

#include "harness/targets/listeners.hpp"
#include "harness/targets/target_main.hpp"
#include "workloads/counts.hpp"

namespace tailrace {

// Written by the loop's thread, read by any.
struct plain_counts : worker_counts<false> {
  // A connection has ended by this errno; 0: in order.
  void add_end(int error) noexcept {
    if (error == ECONNRESET || error == EPIPE)
      resets.add(1);
    else if (error != 0)
      errors.add(1);
    closed.add(1);
  }
};

template <class Loop>
class plain_target final : public served_target {
 public:
  explicit plain_target(std::string backend) : backend_(std::move(backend)) {}

  ready_info start(const run_request& request, finish_signal& finished) override {
    const listeners opened = open_listeners(request);
    for (const int listener : opened.descriptors)
      loops_.emplace_back(listener, request.options);
    threads_.start(request.workers, request.cpus, finished,
                   [this](int index) { loops_[static_cast<std::size_t>(index)].run(); });
    return {opened.addresses, backend_, request.workers, {}};
  }

  named_counts sample() override {
    served_counts sum;
    for (const Loop& each : loops_)
      add_counts(sum, each.counts.seen());
    return named(sum);
  }

  void stop() override {
    for (Loop& each : loops_)
      each.stop();
  }

  result_info finish() override {
    threads_.join();
    return {sample(), {}, {}};
  }

 private:
  std::string backend_;
  std::deque<Loop> loops_;  // a deque: the loops do not move
  worker_threads threads_;  // after loops_: joined before they go
};

}  // namespace tailrace
