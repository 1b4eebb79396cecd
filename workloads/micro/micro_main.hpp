// SPDX-License-Identifier: MIT
// The command line of every tailrace-micro-<id>, the same as that of the peers in other languages:
//
//   tailrace-micro-<id> [--filter SUBSTRING] [--min-time-s S] [--out FILE] [--list]
//                       [--set OPTION=VALUE ...] [--instructions]
//
// --set: an option of the runtime, where it has any; it becomes part of the id in the rows' names:
// steal-lifo-off is `steal` with lifo=off.
// Prints a table, or with --out writes Google Benchmark's JSON to FILE and prints nothing. A row is
// named <benchmark>/<id>/workers:N; its real_time is nanoseconds per operation. Executables pin
// nothing: `workers:2` of a runtime is meant to be run on two CPUs (taskset; scripts/micro does).
//
// --instructions, of the C++ executables: for valgrind --tool=callgrind. The exact rows alone, with
// one worker, a fixed number of batches after the one that warms up; callgrind writes a profile of
// each row's measured batches, named by the row. A line of JSON a row on standard output:
// {"operations":20000,"row":"yield_many/local/workers:1"}. Outside of valgrind nothing counts.
//
// Exit codes: 0 done, 1 a benchmark failed or the file cannot be written, 2 bad usage, 3 built
// without valgrind's header, so that there is no --instructions.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::micro {

struct micro_benchmark {
  std::string name;
  std::function<void(benchmark::State&, unsigned workers)> run;
  // With one worker one thread does it all, and no clock decides what it does: each run takes the
  // same instructions.
  bool exact = false;
};

// False: no such option, or no such value.
using set_option = std::function<bool(std::string_view name, std::string_view value)>;

// `workers`: the numbers of workers to measure with. `set`: null where there is nothing to set; it
// is called before any benchmark runs.
int micro_main(int argc, char** argv, std::string_view id, const std::vector<unsigned>& workers,
               const std::vector<micro_benchmark>& benchmarks, const set_option& set = nullptr);

}  // namespace tailrace::micro
