// SPDX-License-Identifier: MIT
// What sockets, timers, files and awaiters of the libuv runtime see of it: one uv_loop_t, and the
// handles that let tasks run between its polls. One thread: the loop's; wake(): any.
//
// libuv never gets the address of an operation: what it knows (handles, requests) has memory of its
// own, so that a frame may die while a handle still waits for its close callback.
#pragma once

#include <uv.h>

#include <cstdint>

#include "runtimes/libuv/options.hpp"
#include "runtimes/libuv/receive_buffers.hpp"
#include "runtimes/libuv/timer_pool.hpp"
#include "runtimes/single/loop.hpp"

namespace tailrace::libuv {

class poller : public single::loop {
 public:
  uv_loop_t& uv() noexcept { return uv_; }
  style how() const noexcept { return how_; }
  receive_buffers& buffers() noexcept { return buffers_; }
  timer_pool& timers() noexcept { return timers_; }
  // Inside a callback of the loop only.
  void resume(single::task_operation& op) {
    ++resumed_;
    loop::resume(*op.node);
  }
  void socket_opened() noexcept { counters_.open_descriptors.add(1); }
  void socket_closed() noexcept { counters_.open_descriptors.subtract(1); }

 protected:
  // before_poll is called once a turn; the data of its handle is the poller.
  poller(uv_prepare_cb before_poll, style how);
  // Streams and listeners are gone by now; awaits the close callbacks of their handles.
  ~poller();

  // Before a poll: runs what is ready. The poll waits unless there is more.
  void run_ready();
  void wake() noexcept;
  void tell_counts() noexcept;

 private:
  static void on_wake(uv_async_t* handle);

  uv_loop_t uv_;
  uv_async_t wake_;         // by other threads
  uv_prepare_t prepare_;    // before each poll
  uv_idle_t keep_turning_;  // active while tasks are ready: the poll must not block
  timer_pool timers_;
  const style how_;
  receive_buffers buffers_;
  std::uint64_t resumed_ = 0;  // by callbacks, and not yet counted
};

}  // namespace tailrace::libuv
