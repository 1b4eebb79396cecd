// SPDX-License-Identifier: MIT
// libuv's timer handles, recycled: a handle may only be freed after its close callback, but it may
// be started again as often as one likes, so that a sleep after warm-up allocates nothing. At most
// spare_kept idle handles are kept. One thread: the loop's.
#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>

#include "runtimes/single/operation.hpp"

namespace tailrace::libuv {

class poller;

struct timer {
  uv_timer_t handle;
  single::task_operation* sleeper = nullptr;
  timer* next = nullptr;  // free list
};

class timer_pool {
 public:
  static constexpr std::size_t spare_kept = 1024;

  using time = std::chrono::steady_clock::time_point;

  // owner resumes, in its loop, the operation whose deadline has passed.
  explicit timer_pool(poller& owner) noexcept : owner_(owner) {}
  timer_pool(const timer_pool&) = delete;
  timer_pool& operator=(const timer_pool&) = delete;

  timer& start(single::task_operation& sleeper, time deadline);
  void stop(timer& running) noexcept;
  // Timers started and neither stopped nor fired.
  std::size_t armed() const noexcept { return armed_; }
  // Before the loop closes, when nobody sleeps: asks libuv to close all spare handles.
  void close() noexcept;

 private:
  timer& take();
  void give_back(timer& stopped) noexcept;
  static void on_timeout(uv_timer_t* handle);
  static void free_when_closed(timer& unused) noexcept;

  poller& owner_;
  timer* spare_ = nullptr;
  std::size_t spares_ = 0;
  std::size_t armed_ = 0;
};

}  // namespace tailrace::libuv
