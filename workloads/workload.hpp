// SPDX-License-Identifier: MIT
// What a workload is to a target (harness/targets/runtime_target.hpp): one object a run, for all
// runtimes of the target. A class of a workload is made from the options in force and the number of
// runtimes, and has
//   static constexpr const char* name;
//   static std::vector<option_spec> options();             as in describe
// and, where options allowed one by one may exclude each other,
//   static std::string objection(const option_values&);    one sentence; empty: nothing is wrong
// The main thread calls what does not say otherwise.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runtimes/runtime.hpp"
#include "runtimes/task.hpp"
#include "workloads/counts.hpp"
#include "workloads/options.hpp"
#include "workloads/value_counts.hpp"

namespace tailrace {

// What a result has beside counts().
struct workload_result {
  named_counts counts;
  std::map<std::string, count_pairs> histograms;
};

// Work that needs no client. begin() comes before the first run(), end() after the last. The last
// three are for work that is served (harness/targets/served_work.hpp).
template <Runtime R>
class workload {
 public:
  virtual ~workload() = default;
  // Before the first thread is started: what threads inherit, files to look at. Throws run_refused.
  // What is then in force is shown in `ready`.
  virtual named_counts prepare() { return {}; }
  // On the thread of runtime `index`: before `ready`, and when the runtime has ended, also where it
  // never ran. What is refused is thrown.
  virtual void set_up(R&, std::size_t /*index*/) {}
  virtual void tear_down(std::size_t /*index*/) noexcept {}
  virtual void begin() {}
  // The share of runtime `index`, on its thread.
  virtual task<void> run(R& runtime, std::size_t index) = 0;
  // The runtimes are about to be asked to stop: what runs without awaiting ends by itself soon.
  virtual void stop() noexcept {}
  virtual void end() {}
  // Any time.
  virtual named_counts counts() const = 0;
  // After end().
  virtual void complete(workload_result&) const {}
  // Of the tasks that runtime `index` can have at once, those that are neither a connection of a
  // client nor a task that `tasks` or `concurrency` asks for.
  virtual std::uint64_t own_tasks(std::size_t /*index*/) const { return 1; }
  virtual bool waits_for_start() const { return true; }
  // Whether all is there that `ready` promises. Asked again and again once all runtimes run.
  virtual bool all_there() const { return true; }
  virtual std::vector<std::string> addresses() const { return {}; }
};

// A runtime whose tasks run on several threads counts with atomic additions.
template <Runtime R>
using counts_of = worker_counts<!R::single_threaded>;

// Work that clients ask for.
template <Runtime R>
class served_workload {
 public:
  explicit served_workload(std::size_t runtimes) : counts_(runtimes) {}
  virtual ~served_workload() = default;
  // Serves until the runtime is stopped, on its thread. The listener outlives it.
  virtual task<void> serve(R& runtime, typename R::listener& listener, std::size_t index) = 0;
  // Any time: those of all servers, to which a workload adds its own.
  virtual named_counts counts() const {
    served_counts sum;
    for (const counts_of<R>& each : counts_)
      add_counts(sum, each.seen());
    return named(sum);
  }
  // As those of a workload.
  virtual void stop() noexcept {}
  virtual bool all_there() const { return true; }
  virtual std::uint64_t own_tasks(std::size_t /*index*/) const { return 0; }

 protected:
  std::uint64_t sum_of(counter<!R::single_threaded> counts_of<R>::* count) const {
    std::uint64_t sum = 0;
    for (const counts_of<R>& each : counts_)
      sum += (each.*count).get();
    return sum;
  }

  std::vector<counts_of<R>> counts_;  // by runtime
};

}  // namespace tailrace
