// SPDX-License-Identifier: MIT
// Makes a target out of a runtime and a workload that needs no client: one runtime a worker thread
// (or one with workers of its own), each ready before `ready` is printed; `start` lets all of them
// run their share of the work, once; when the last has ended, the result is printed and the target
// exits. A `stop` before that ends the work early, a stop before `start` without any.
//
// What the work is, is a work_in_process: one object for all runtimes. begin() comes before any
// run(), end() after all of them; both by the main thread, which also asks for counts() at any
// time.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/targets/histogram_texts.hpp"
#include "harness/targets/metrics_fields.hpp"
#include "harness/targets/target_main.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/extensions.hpp"
#include "runtimes/runtime.hpp"

namespace tailrace {

template <Runtime R>
class work_in_process {
 public:
  virtual ~work_in_process() = default;
  // Before the workers' threads are started: what they inherit, files to open. May throw
  // target_refused. What was granted is shown in `ready`.
  virtual event_fields prepare() { return {}; }
  // On each runtime's thread: before `ready`, and when the runtime has ended, also where it never
  // ran. What is refused is thrown.
  virtual void set_up(R&, std::size_t /*index*/) {}
  virtual void tear_down(std::size_t /*index*/) noexcept {}
  virtual void begin() = 0;
  // The share of runtime `index`.
  virtual task<void> run(R& runtime, std::size_t index) = 0;
  virtual void end() = 0;
  // Any time, while the work goes on.
  virtual event_fields counts() const = 0;
  // After end(): more counts, and histograms.
  virtual void complete(result_info& result) const = 0;
};

template <Runtime R>
inline constexpr bool has_own_workers = requires { requires R::has_own_workers; };

// How many runtimes serve a request: one with workers of its own, or one a worker.
template <Runtime R>
std::size_t runtimes_of(const run_request& request) {
  return has_own_workers<R> ? 1 : static_cast<std::size_t>(request.workers);
}

template <Runtime R>
class inprocess_target final : public served_target {
 public:
  // Called on the worker's own thread.
  using make_runtime = std::function<std::unique_ptr<R>(const run_request&)>;

  inprocess_target(std::string backend, make_runtime make, std::unique_ptr<work_in_process<R>> work)
      : backend_(std::move(backend)), make_(std::move(make)), work_(std::move(work)) {}

  ready_info start(const run_request& request, finish_signal& finished) override {
    request_ = request;
    ready_info info;
    info.granted = work_->prepare();
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
    info.backend = backend_;
    info.workers = request.workers;
    if constexpr (requires { workers_.front().runtime->granted(); })
      for (auto& [name, value] : workers_.front().runtime->granted())
        info.granted.emplace_back(std::move(name), std::move(value));
    if constexpr (LimitsTasks<R>) info.granted.emplace_back("tasks_at_once", tasks_at_once());
    return info;
  }

  void begin() override {
    if (std::exchange(decided_, true)) return;
    work_->begin();
    decide_.set_value(true);
  }

  event_fields sample() override { return work_->counts(); }

  void stop() override {
    if (!std::exchange(decided_, true)) return decide_.set_value(false);
    for (worker& each : workers_)
      each.runtime->request_stop();
  }

  result_info finish() override {
    threads_.join();
    for (const worker& each : workers_)
      if (each.failure) std::rethrow_exception(each.failure);
    work_->end();
    result_info info{.counts = work_->counts(), .metrics = {}, .histograms = {}};
    if constexpr (Measured<R>) add_metrics(info);
    work_->complete(info);
    return info;
  }

 private:
  struct worker {
    std::unique_ptr<R> runtime;  // made by the worker's thread before it reports so
    std::promise<void> made;
    std::exception_ptr failure;
  };

  // Beside the one that waits for them.
  std::uint64_t tasks_at_once() const
    requires LimitsTasks<R>
  {
    std::uint64_t sum = 0;
    for (const worker& each : workers_)
      sum += each.runtime->task_limit() - 1;
    return sum;
  }

  void add_metrics(result_info& info) const {
    std::vector<runtime_metrics> all;
    for (const worker& each : workers_)
      all.push_back(each.runtime->metrics());
    info.metrics = metrics_fields(all);
    if constexpr (requires { requires R::has_distributions; })
      info.histograms = histogram_texts(all);
  }

  void work(std::size_t index) {
    worker& self = workers_[index];
    try {
      self.runtime = make_(request_);
      work_->set_up(*self.runtime, index);
    } catch (...) {
      return self.made.set_exception(std::current_exception());
    }
    self.made.set_value();
    try {
      if (go_.get()) self.runtime->run(work_->run(*self.runtime, index));
    } catch (...) {
      self.failure = std::current_exception();
    }
    work_->tear_down(index);
  }

  std::string backend_;
  make_runtime make_;
  std::unique_ptr<work_in_process<R>> work_;
  run_request request_;
  std::vector<worker> workers_;
  std::promise<bool> decide_;  // true: start; false: stopped before
  std::shared_future<bool> go_;
  bool decided_ = false;
  worker_threads threads_;
};

}  // namespace tailrace
