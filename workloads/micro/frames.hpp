// SPDX-License-Identifier: MIT
// The micro benchmark of the frame allocator: memory for a coroutine frame of 200 bytes, taken and
// given back on one thread. Needs no runtime. Per pair.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>

#include "workloads/micro/measured.hpp"

namespace tailrace::micro {

// Takes and gives back one frame at a time, as awaiting one coroutine after the other does.
template <class Allocate, class Release>
void allocate_and_release(measured& run, Allocate allocate, Release release) {
  constexpr std::size_t pairs = 1000;
  constexpr std::size_t frame_bytes = 200;
  while (run.batch(pairs)) {
    for (std::size_t i = 0; i < pairs; ++i) {
      void* frame = allocate(frame_bytes);
      benchmark::DoNotOptimize(frame);
      release(frame, frame_bytes);
    }
  }
}

}  // namespace tailrace::micro
