// SPDX-License-Identifier: MIT
// Which micro benchmarks a runtime takes part in: those for which it offers what they need. The
// names are fixed: they are compared across runtimes and languages.
#pragma once

#include <vector>

#include "workloads/micro/micro_main.hpp"
#include "workloads/micro/spawning.hpp"
#include "workloads/micro/switching.hpp"

namespace tailrace::micro {

// A benchmark whose timed loop is a task of the runtime.
template <class R, class Make>
void inside(std::vector<micro_benchmark>& list, const char* name, task<void> (*body)(R&, measured&),
            Make make) {
  list.push_back({name, [body, make](benchmark::State& state, unsigned workers) {
                    const auto runtime = make(workers);
                    measured run(state);
                    runtime->run(body(*runtime, run));
                  }});
}

template <class R, class Make>
std::vector<micro_benchmark> catalogue(Make make) {
  std::vector<micro_benchmark> list;
  inside<R>(list, "spawn_many_local", &spawn_many_local<R>, make);
  inside<R>(list, "yield_many", &yield_many<R>, make);
  inside<R>(list, "chained_spawn", &chained_spawn<R>, make);
  if constexpr (HasEvent<R>) inside<R>(list, "context_switch", &context_switch<R>, make);
  inside<R>(list, "scope_join", &scope_join<R>, make);
  inside<R>(list, "task_create", &task_create<R>, make);
  return list;
}

}  // namespace tailrace::micro
