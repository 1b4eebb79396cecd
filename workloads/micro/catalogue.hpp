// SPDX-License-Identifier: MIT
// Which micro benchmarks a runtime takes part in: those for which it offers what they need. The
// names are fixed: they are compared across runtimes and languages.
#pragma once

#include <utility>
#include <vector>

#include "runtimes/base/frame_allocator.hpp"
#include "workloads/micro/blocking.hpp"
#include "workloads/micro/frames.hpp"
#include "workloads/micro/instructions.hpp"
#include "workloads/micro/messages.hpp"
#include "workloads/micro/micro_main.hpp"
#include "workloads/micro/outside.hpp"
#include "workloads/micro/spawning.hpp"
#include "workloads/micro/switching.hpp"
#include "workloads/micro/timers.hpp"

namespace tailrace::micro {

// What a benchmark asks of the runtime that it is given.
struct wanted {
  unsigned workers = 1;
  bool foreign_threads = false;  // threads that are not the runtime's spawn tasks
  bool exact = false;            // what it does must not depend on the clock
};

// Collects the benchmarks of R. make(wanted) gives a std::unique_ptr<R>.
template <class R, class Make>
class catalogue {
 public:
  explicit catalogue(Make make) : make_(std::move(make)) {}

  std::vector<micro_benchmark> take() {
    constexpr bool one_thread = !requires { R::tasks_at_once; };  // else each task has its own
    inside("spawn_many_local", &spawn_many_local<R>, one_thread);
    if constexpr (SpawnsFromAnyThread<R> && HasEvent<R>) add_outside();
    inside("yield_many", &yield_many<R>, one_thread);
    if constexpr (HasEvent<R>) inside("ping_pong", &ping_pong<R>, one_thread);
    inside("chained_spawn", &chained_spawn<R>, one_thread);
    if constexpr (RunsBlocking<R>) inside("spawn_blocking", &spawn_blocking<R>, false);
    inside("timer_arm_cancel", &timer_arm_cancel<R>, one_thread);
    inside("timer_fire", &timer_fire<R>, false);
    if constexpr (HasEvent<R>) {
      inside("context_switch", &context_switch<R>, one_thread);
      inside("channel_handoff", &channel_handoff<R>, one_thread);
      inside("channel_buffered", &channel_buffered<R>, one_thread);
    }
    inside("scope_join", &scope_join<R>, one_thread);
    list_.push_back({"frame_allocation",
                     [](benchmark::State& state, unsigned) {
                       measured run(state);
                       allocate_and_release(run, &frame_allocator::allocate,
                                            &frame_allocator::release);
                     },
                     true});
    inside("task_create", &task_create<R>, true);
    return std::move(list_);
  }

 private:
  // A benchmark whose timed loop is a task of the runtime. `exact`: see micro_benchmark.
  void inside(const char* name, task<void> (*body)(R&, measured&), bool exact) {
    list_.push_back({name,
                     [body, make = make_](benchmark::State& state, unsigned workers) {
                       const auto runtime = make(wanted{workers, false, counting_instructions()});
                       measured run(state);
                       runtime->run(body(*runtime, run));
                     },
                     exact});
  }

  // A benchmark whose timed loop is outside: body(runtime, run, workers).
  template <class Body>
  void outside(const char* name, Body body) {
    list_.push_back({name, [body, make = make_](benchmark::State& state, unsigned workers) {
                       const auto runtime = make(wanted{workers, true});
                       measured run(state);
                       body(*runtime, run, workers);
                     }});
  }

  void add_outside() {
    outside("spawn_many_remote_idle",
            [](R& runtime, measured& run, unsigned) { spawn_many_remote_idle(runtime, run); });
    outside("spawn_many_remote_busy", &spawn_many_remote_busy<R>);
    outside("remote_spawn/threads:1",
            [](R& runtime, measured& run, unsigned) { remote_spawn(runtime, run, 1); });
    outside("remote_spawn/threads:4",
            [](R& runtime, measured& run, unsigned) { remote_spawn(runtime, run, 4); });
  }

  Make make_;
  std::vector<micro_benchmark> list_;
};

// The main function of tailrace-micro-<id>.
template <class R, class Make>
int runtime_micro_main(int argc, char** argv, const std::vector<unsigned>& workers, Make make,
                       const set_option& set = nullptr) {
  return micro_main(argc, argv, R::id, workers, catalogue<R, Make>(std::move(make)).take(), set);
}

}  // namespace tailrace::micro
