// SPDX-License-Identifier: MIT
// Something a task of the libuv runtime sleeps in: lives in the awaiter, hence in the task's frame.
// One thread. libuv never gets its address: what libuv knows (handles, requests) has memory of its
// own, so that a frame may die while a handle still waits for its close callback.
#pragma once

#include "runtimes/base/ready_queue.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::libuv {

struct operation : runnable {
  // Takes the operation out of where it waits; its result becomes -ECANCELED. Must not resume.
  using abandon_function = void (*)(operation&) noexcept;

  explicit operation(abandon_function how) noexcept : abandon(how) {}

  abandon_function abandon;
  task_node* node = nullptr;
};

}  // namespace tailrace::libuv
