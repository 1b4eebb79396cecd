// SPDX-License-Identifier: MIT
// The timed loop of a micro benchmark, inside a running runtime:
//
//   while (run.batch(operations))
//     ... does that many operations ...
//
// The first batch warms up and is not measured. Google Benchmark counts operations as its
// iterations (KeepRunningBatch), so the real_time it reports is wall time per operation; setting up
// and tearing down the runtime lie outside. One task or thread at a time; fail() any.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/io_result.hpp"

namespace tailrace::micro {

class measured {
 public:
  explicit measured(benchmark::State& state) noexcept : state_(state) {}

  // True until enough is measured; until the next call the caller does `operations` operations.
  bool batch(std::size_t operations);

  // An operation that had to succeed did not: the benchmark ends and its row is an error.
  void expect(io_result result) noexcept {
    if (!result.ok()) [[unlikely]]
      fail(result.error());
  }
  void fail(int error) noexcept {
    error_.store(error, std::memory_order_relaxed);  // relaxed: a flag that batch() looks at
  }

 private:
  void finish();

  benchmark::State& state_;
  enum class phase { before, warmed, measuring } phase_ = phase::before;
  std::size_t allocations_before_ = 0;
  atomic<int> error_{0};
};

}  // namespace tailrace::micro
