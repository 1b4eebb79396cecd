// SPDX-License-Identifier: MIT
// Makes a target out of any runtime that satisfies the Runtime concept: one runtime a worker
// thread, all listening on one port, each running the same workload template; or, where the runtime
// has workers of its own (R::has_own_workers), one runtime. The only place where runtimes and
// workloads meet. The main thread owns it; start() returns when every worker listens.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "harness/targets/file_read_in_process.hpp"
#include "harness/targets/histogram_texts.hpp"
#include "harness/targets/inprocess_target.hpp"
#include "harness/targets/listeners.hpp"
#include "harness/targets/metrics_fields.hpp"
#include "harness/targets/target_main.hpp"
#include "harness/targets/timer_in_process.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/extensions.hpp"
#include "runtimes/runtime.hpp"
#include "workloads/echo.hpp"
#include "workloads/hog.hpp"
#include "workloads/idle.hpp"

namespace tailrace {

template <Runtime R>
class runtime_target final : public served_target {
 public:
  // Called on the worker's own thread.
  using make_runtime = std::function<std::unique_ptr<R>(const run_request&)>;

  runtime_target(std::string backend, make_runtime make)
      : backend_(std::move(backend)), make_(std::move(make)) {}

  ready_info start(const run_request& request, finish_signal& finished) override {
    request_ = request;
    refuse_port_in_use(request);
    workers_ = std::vector<worker>(runtimes_of<R>(request));
    std::vector<std::future<std::uint16_t>> ports;
    for (worker& each : workers_)
      ports.push_back(each.listening.get_future());
    first_port_ = first_listens_.get_future().share();
    // A runtime with workers of its own pins them itself.
    threads_.start(static_cast<int>(workers_.size()),
                   has_own_workers<R> ? std::vector<int>() : request.cpus, finished,
                   [this](int index) { work(static_cast<std::size_t>(index)); });
    std::uint16_t port = 0;
    for (auto& each : ports)
      port = each.get();
    wait_until_asleep();
    ready_info info;
    info.addresses = {reachable_address(request.host, port)};
    info.backend = backend_;
    info.workers = request.workers;
    if constexpr (requires { workers_.front().runtime->granted(); })
      for (auto& [name, value] : workers_.front().runtime->granted())
        info.granted.emplace_back(std::move(name), std::move(value));
    if constexpr (LimitsTasks<R>)
      info.granted.emplace_back("connections_at_once", connections_at_once());
    return info;
  }

  event_fields sample() override {
    served_counts sum;
    std::uint64_t woke = 0;
    std::uint64_t slept = 0;
    std::uint64_t early = 0;
    std::uint64_t burns = 0;
    for (const worker& each : workers_) {
      sum.closed += each.counts.closed.get();
      sum.accepted += each.counts.accepted.get();
      sum.sent_bytes += each.counts.sent_bytes.get();
      sum.received_bytes += each.counts.received_bytes.get();
      sum.errors += each.counts.errors.get();
      sum.resets += each.counts.resets.get();
      sum.accept_errors += each.counts.accept_errors.get();
      woke += each.counts.woke.get();
      slept += each.counts.fell_asleep.get();
      early += each.counts.woken_early.get();
      burns += each.counts.burns.get();
    }
    if (request_.workload == "idle") return fields_of(sum, slept - woke, early);
    return request_.workload == "hog" ? fields_of(sum, burns) : fields_of(sum);
  }

  void stop() override {
    for (worker& each : workers_)
      if (each.runtime) each.runtime->request_stop();
  }

  result_info finish() override {
    threads_.join();
    for (const worker& each : workers_)
      if (each.failure) std::rethrow_exception(each.failure);
    result_info info{.counts = sample(), .metrics = {}, .histograms = {}};
    if constexpr (Measured<R>) add_metrics(info);
    return info;
  }

 private:
  struct worker {
    std::unique_ptr<R> runtime;  // made by the worker's thread before it reports that it listens
    counts_of<R> counts;
    std::promise<std::uint16_t> listening;
    std::exception_ptr failure;
  };

  void add_metrics(result_info& info) const {
    std::vector<runtime_metrics> all;
    for (const worker& each : workers_)
      all.push_back(each.runtime->metrics());
    info.metrics = metrics_fields(all);
    if constexpr (requires { requires R::has_distributions; })
      info.histograms = histogram_texts(all);
  }

  std::uint64_t tasks_of(std::size_t index) const {
    const auto tasks = static_cast<std::uint64_t>(request_.options.integer("tasks"));
    const std::uint64_t workers = workers_.size();
    return tasks / workers + (index < tasks % workers ? 1 : 0);
  }

  // Of the tasks that a worker's runtime runs at once, those that no workload needs for itself.
  std::uint64_t room_of(std::size_t index) const
    requires LimitsTasks<R>
  {
    const std::uint64_t limit = workers_[index].runtime->task_limit();
    if (request_.workload != "idle") return limit;
    const std::uint64_t sleeping = tasks_of(index);
    const std::uint64_t own = 1 + (sleeping == 0 ? 0 : sleeping + 1);  // who accepts, who joins
    return own < limit ? limit - own : 0;
  }

  std::uint64_t connections_at_once() const
    requires LimitsTasks<R>
  {
    std::uint64_t sum = 0;
    for (std::size_t index = 0; index < workers_.size(); ++index)
      sum += room_of(index);
    return sum;
  }

  // Tasks that never get to their sleep cannot all be asleep at `ready`.
  void refuse_too_many_tasks(std::size_t index) const {
    if constexpr (LimitsTasks<R>) {
      if (room_of(index) == 0)
        throw target_refused(
            "the tasks of this workload are more than " +
                std::to_string(workers_[index].runtime->task_limit()) + ", as many as run at once",
            "ask for fewer tasks or a larger pool", target_refused::kind::unsupported);
    }
  }

  hog_rules rules_of_hog() const {
    const auto number = [this](const char* name) { return request_.options.integer(name); };
    return {.hog_every = static_cast<std::uint64_t>(number("hog_every")),
            .message_bytes = static_cast<std::uint64_t>(number("message_bytes")),
            .burn = std::chrono::microseconds(number("burn_us"))};
  }

  void work(std::size_t index) {
    worker& self = workers_[index];
    bool listening = false;
    try {
      endpoint where = endpoint_of(request_);
      if (index != 0) where.port = first_port_.get();
      self.runtime = make_(request_);
      refuse_too_many_tasks(index);
      auto listener = self.runtime->listen(where);
      if (!listener) refuse_listening(where, listener.error());
      const std::uint16_t port = listener->port();
      if (index == 0) first_listens_.set_value(port);
      listening = true;
      self.listening.set_value(port);
      serve(index, *listener);
    } catch (...) {
      if (listening) {
        self.failure = std::current_exception();
        failed_.store(true, std::memory_order_release);  // pairs with wait_until_asleep()
        return;
      }
      if (index == 0) first_listens_.set_exception(std::current_exception());
      self.listening.set_exception(std::current_exception());
    }
  }

  void serve(std::size_t index, typename R::listener& listener) {
    worker& self = workers_[index];
    R& runtime = *self.runtime;
    if (request_.workload == "idle")
      runtime.run(serve_idle<R>(runtime, listener, tasks_of(index), self.counts));
    else if (request_.workload == "hog")
      runtime.run(serve_hog<R>(runtime, listener, rules_of_hog(), self.counts));
    else
      runtime.run(serve_echo<R>(runtime, listener, self.counts));
  }

  void wait_until_asleep() {
    if (request_.workload != "idle") return;
    const auto wanted = static_cast<std::uint64_t>(request_.options.integer("tasks"));
    for (std::uint64_t asleep = 0; asleep < wanted;) {
      if (failed_.load(std::memory_order_acquire)) {  // pairs with work()
        stop();
        finish();
      }
      asleep = 0;
      for (const worker& each : workers_)
        asleep += each.counts.fell_asleep.get();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  std::string backend_;
  make_runtime make_;
  run_request request_;
  std::vector<worker> workers_;
  std::promise<std::uint16_t> first_listens_;  // set by worker 0: the port that all share
  std::shared_future<std::uint16_t> first_port_;
  // release by a worker that failed while it served, acquire by wait_until_asleep().
  std::atomic<bool> failed_{false};
  worker_threads threads_;
};

// The workloads and their options, the same for every runtime.
inline void add_workloads(target_description& description) {
  description.workloads = {"echo", "idle", "hog", "timer"};
  description.options.push_back(tasks_option({"idle", "timer"}));
  for (const auto& of_one : {hog_options(), timer_options()})
    description.options.insert(description.options.end(), of_one.begin(), of_one.end());
}

// What runs the requested workload on runtimes of type R.
template <Runtime R>
std::unique_ptr<served_target> target_of_workload(const run_request& request,
                                                  const std::string& backend,
                                                  typename runtime_target<R>::make_runtime make) {
  if (request.workload == "timer") {
    return std::make_unique<inprocess_target<R>>(
        backend, std::move(make),
        std::make_unique<timer_in_process<R>>(request.options, runtimes_of<R>(request)));
  }
  if constexpr (ReadsFiles<R>) {
    if (request.workload == "file-read") {
      return std::make_unique<inprocess_target<R>>(
          backend, std::move(make),
          std::make_unique<file_read_in_process<R>>(request.options, runtimes_of<R>(request)));
    }
  }
  return std::make_unique<runtime_target<R>>(backend, std::move(make));
}

// main() of a target whose runtime needs nothing but a constructor call. `description` has the
// options of the runtime alone.
template <Runtime R>
int runtime_target_main(int argc, const char* const* argv, target_description description,
                        typename runtime_target<R>::make_runtime make) {
  add_workloads(description);
  if constexpr (ReadsFiles<R>) add_file_read(description);
  return target_main(argc, argv, description, [&](const run_request& request) {
    return target_of_workload<R>(request, description.backend, make);
  });
}

}  // namespace tailrace
