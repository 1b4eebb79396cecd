// SPDX-License-Identifier: MIT
// tailrace-micro-steal: the micro benchmarks on the work-stealing runtime. With one worker its
// queue, locks, timers and events do without atomic read-modify-writes, unless threads outside are
// to spawn tasks.
#include <memory>

#include "runtimes/steal/runtime.hpp"
#include "runtimes/steal/target_options.hpp"
#include "workloads/micro/catalogue.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  steal::options set;
  return micro::runtime_micro_main<steal::runtime>(
      argc, argv, {1, 2},
      [&set](const micro::wanted& wanted) {
        steal::options chosen = set;
        chosen.workers = wanted.workers;
        chosen.foreign_threads = wanted.foreign_threads;
        // What it begins with, and then tunes by the clock.
        if (wanted.exact && chosen.event_interval == 0) chosen.event_interval = 61;
        return std::make_unique<steal::runtime>(chosen);
      },
      [&set](std::string_view name, std::string_view value) {
        return steal::named_options().set(set, name, std::string(value));
      });
}
