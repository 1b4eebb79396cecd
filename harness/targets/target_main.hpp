// SPDX-License-Identifier: MIT
// The whole of a target's main(): command line, events and the control loop. A
// target describes itself as data, implements served_target, and calls target_main(). It knows of
// no coroutine and no runtime, so that floors, libraries and our own runtimes all use it.
//
// Life of a run, everything on the main thread:
//   start() -> `ready` -> { begin() on `start`, sample() on `sample`, stop() on `stop` }
//           -> finish_signal raised -> finish() -> `result` -> exit 0
// The target raises the finish_signal itself once its work has ended, after stop() or because of a
// fatal error; worker_threads does so by itself. start() and finish() may throw run_refused. End
// of standard input at any point: exit at once.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "harness/targets/target_description.hpp"
#include "harness/targets/worker_threads.hpp"

namespace tailrace {

class served_target {
 public:
  virtual ~served_target() = default;
  // Starts the workers. Returns when they serve (or, in-process, when all is ready to begin).
  virtual ready_info start(const run_request& request, finish_signal& finished) = 0;
  // `start`: in-process workloads begin. Served ones ignore it.
  virtual void begin() {}
  // Counts now. The workers go on running meanwhile.
  virtual named_counts sample() = 0;
  // Asks the workers to end; does not wait for them. May be called twice.
  virtual void stop() = 0;
  // After the finish_signal: joins the workers and returns the final result.
  virtual result_info finish() = 0;
};

// Called once, before start(): which kind of target it is may depend on the workload and the
// options.
using make_target = std::function<std::unique_ptr<served_target>(const run_request&)>;

int target_main(int argc, const char* const* argv, target_description description,
                const make_target& make);

}  // namespace tailrace
