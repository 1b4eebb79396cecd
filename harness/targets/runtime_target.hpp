// SPDX-License-Identifier: MIT
// Makes a target out of a runtime and a workload: one runtime a worker thread, or, where the
// runtime has workers of its own (R::has_own_workers), one runtime. Each is made on its thread and
// is ready before `ready` is printed; then they run their shares of the work, at once where clients
// are served, else once `start` comes. A stop before `start` ends the target without any work.
//
// The main thread owns it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "harness/targets/metrics_fields.hpp"
#include "harness/targets/target_main.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/extensions.hpp"
#include "runtimes/runtime.hpp"
#include "workloads/run_refused.hpp"
#include "workloads/workload.hpp"

namespace tailrace {

// Called on the runtime's own thread.
template <Runtime R>
using make_runtime = std::function<std::unique_ptr<R>(const run_request&)>;

template <Runtime R>
inline constexpr bool has_own_workers = requires { requires R::has_own_workers; };

// How many runtimes a request takes: one with workers of its own, or one a worker.
template <Runtime R>
std::size_t runtimes_of(const run_request& request) {
  return has_own_workers<R> ? 1 : static_cast<std::size_t>(request.workers);
}

template <Runtime R>
class runtime_target final : public served_target {
 public:
  runtime_target(std::string backend, make_runtime<R> make, std::unique_ptr<workload<R>> work)
      : backend_(std::move(backend)), make_(std::move(make)), work_(std::move(work)) {}

  ready_info start(const run_request& request, finish_signal& finished) override {
    request_ = request;
    ready_info info;
    for (const auto& [name, value] : work_->prepare())
      info.granted.emplace_back(name, value);
    workers_ = std::vector<worker>(runtimes_of<R>(request));
    std::vector<std::future<void>> made;
    for (worker& each : workers_)
      made.push_back(each.made.get_future());
    go_ = decide_.get_future().share();
    // A runtime with workers of its own pins them itself.
    threads_.start(static_cast<int>(workers_.size()),
                   has_own_workers<R> ? std::vector<int>() : request.cpus, finished,
                   [this](int index) { work(static_cast<std::size_t>(index)); });
    for (auto& each : made)
      each.get();
    if (!work_->waits_for_start()) begin_and_wait();
    info.addresses = work_->addresses();
    info.backend = backend_;
    info.workers = request.workers;
    if constexpr (requires { workers_.front().runtime->granted(); })
      for (auto& [name, value] : workers_.front().runtime->granted())
        info.granted.emplace_back(std::move(name), std::move(value));
    if constexpr (LimitsTasks<R>)
      info.granted.emplace_back(work_->waits_for_start() ? "tasks_at_once" : "connections_at_once",
                                room());
    return info;
  }

  void begin() override {
    if (std::exchange(decided_, true)) return;
    work_->begin();
    decide_.set_value(true);
  }

  named_counts sample() override { return work_->counts(); }

  void stop() override {
    if (!std::exchange(decided_, true)) return decide_.set_value(false);
    work_->stop();
    for (worker& each : workers_)
      each.runtime->request_stop();
  }

  result_info finish() override {
    threads_.join();
    for (const worker& each : workers_)
      if (each.failure) std::rethrow_exception(each.failure);
    work_->end();
    workload_result more;
    work_->complete(more);
    result_info info{.counts = work_->counts(), .metrics = {}, .histograms = {}};
    info.counts.insert(info.counts.end(), more.counts.begin(), more.counts.end());
    info.histograms = std::move(more.histograms);
    if constexpr (Measured<R>) {
      std::vector<runtime_metrics> all;
      for (const worker& each : workers_)
        all.push_back(each.runtime->metrics());
      info.metrics = metrics_fields(all);
      info.histograms.merge(distribution_pairs(all));
    }
    return info;
  }

 private:
  struct worker {
    std::unique_ptr<R> runtime;  // made by the worker's thread before it says so
    std::promise<void> made;
    std::exception_ptr failure;
  };

  // Of the tasks that runtime `index` runs at once, those that are left for connections or work.
  std::uint64_t room_of(std::size_t index) const
    requires LimitsTasks<R>
  {
    const std::uint64_t limit = workers_[index].runtime->task_limit();
    const std::uint64_t own = work_->own_tasks(index);
    return own < limit ? limit - own : 0;
  }
  std::uint64_t room() const
    requires LimitsTasks<R>
  {
    std::uint64_t sum = 0;
    for (std::size_t index = 0; index < workers_.size(); ++index)
      sum += room_of(index);
    return sum;
  }
  // Tasks that never run would keep `ready` from being printed.
  void refuse_too_many_tasks(std::size_t index) const {
    if constexpr (LimitsTasks<R>) {
      if (room_of(index) == 0)
        throw run_refused("the tasks of this workload are more than " +
                              std::to_string(workers_[index].runtime->task_limit()) +
                              ", as many as run at once",
                          "ask for fewer tasks or a larger pool", run_refused::kind::unsupported);
    }
  }

  void begin_and_wait() {
    begin();
    while (!work_->all_there()) {
      if (failed_.load(std::memory_order_acquire)) {  // pairs with work()
        stop();
        finish();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void work(std::size_t index) {
    worker& self = workers_[index];
    try {
      self.runtime = make_(request_);
      refuse_too_many_tasks(index);
      work_->set_up(*self.runtime, index);
    } catch (...) {
      return self.made.set_exception(std::current_exception());
    }
    self.made.set_value();
    try {
      if (go_.get()) self.runtime->run(work_->run(*self.runtime, index));
    } catch (...) {
      self.failure = std::current_exception();
      failed_.store(true, std::memory_order_release);  // pairs with begin_and_wait()
    }
    work_->tear_down(index);
  }

  std::string backend_;
  make_runtime<R> make_;
  std::unique_ptr<workload<R>> work_;
  run_request request_;
  std::vector<worker> workers_;
  std::promise<bool> decide_;  // true: begin; false: stopped before
  std::shared_future<bool> go_;
  bool decided_ = false;
  // release by a worker that failed, acquire by begin_and_wait().
  std::atomic<bool> failed_{false};
  worker_threads threads_;
};

}  // namespace tailrace
