// SPDX-License-Identifier: MIT
// The two ways of deploying Boost.Asio, as policies of one adapter; what the threads of `shared`
// have to agree on is here:
// - per_core: an io_context for one thread. Nothing is locked and nothing counted atomically.
// - shared: one io_context that several threads run, so that a task resumes on whichever thread
//   takes its handler. Asio's objects may not be used by two threads at once; a strand for each
//   connection is the usual remedy. Here a lock for each socket does that work, because it costs
//   less: a strand queues and dispatches every handler.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <mutex>

#include "runtimes/base/buffer_pool.hpp"
#include "runtimes/base/locked_pointer.hpp"
#include "runtimes/base/mutex.hpp"
#include "runtimes/base/shared_counter.hpp"
#include "runtimes/base/single_writer_counter.hpp"
#include "runtimes/base/spinlock.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::asio {

// Something a task sleeps in: lives in the awaiter, hence in the task's frame. Where Asio is to
// call a handler, it does so once for each operation, also for a cancelled one, and the frame lives
// until then.
struct operation {
  // Asks for the operation's end; its handler then finds `cancelled` set. True: there is
  // no handler, and the task has been made ready.
  using cancel_function = bool (*)(operation&) noexcept;

  explicit operation(cancel_function how) noexcept : cancel(how) {}

  cancel_function cancel;
  task_node* node = nullptr;
  std::coroutine_handle<> handle;
  bool cancelled = false;  // guarded by the claim on the node, until the task runs again
};

// What belongs to one thread that runs an io_context.
struct alignas(64) worker {
  buffer_pool buffers;
  single_writer_counter polls;  // times a task was resumed

  // The one of this thread while it runs a context.
  static inline thread_local constinit worker* current = nullptr;
};

struct per_core {
  static constexpr bool is_shared = false;
  using scope_mutex = no_mutex;
  using short_lock = no_mutex;
  using counter = single_writer_counter;

  // References to a socket.
  class reference_count {
   public:
    void add() noexcept { ++count_; }
    bool drop() noexcept { return --count_ == 0; }  // true: it was the last

   private:
    std::uint32_t count_ = 1;
  };

  static operation* claim(task_node& node) noexcept {
    return static_cast<operation*>(node.waiting);
  }
  static void release(task_node& node, operation* waiting) noexcept { node.waiting = waiting; }
};

struct shared {
  static constexpr bool is_shared = true;
  using scope_mutex = std::mutex;
  using short_lock = spinlock;
  using counter = shared_counter;

  class reference_count {
   public:
    // relaxed: who adds has a reference already.
    void add() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
    // acq_rel: what the others did to the socket happened before its end.
    bool drop() noexcept { return count_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

   private:
    atomic<std::uint32_t> count_{1};
  };

  // The node's word says what the task sleeps in. A task claims it to begin an operation, the
  // operation's handler to end it, and cancel() to reach it: so none of them meets another halfway.
  // No cancel is lost: who comes second sees what the first has done, cancel() the operation, the
  // task the stop that was requested before cancel().
  static operation* claim(task_node& node) noexcept {
    return static_cast<operation*>(locked_pointer::claim(node.waiting));
  }
  static void release(task_node& node, operation* waiting) noexcept {
    locked_pointer::release(node.waiting, waiting);
  }
};

// A task's node, claimed while an operation begins. One object in one block.
template <class Contexts>
class task_claim {
 public:
  // The handler of op may be called as soon as Asio has it, and finds the node there.
  task_claim(task_node& node, operation& op) noexcept : node_(node) {
    Contexts::claim(node);
    op.node = &node;
  }
  task_claim(const task_claim&) = delete;
  task_claim& operator=(const task_claim&) = delete;
  // Last: the node, and the frame that it lives in, may be gone afterwards.
  ~task_claim() { Contexts::release(node_, waiting_); }

  bool stop_requested() const noexcept { return node_.owner->stop_requested(); }
  void sleep_in(operation& op) noexcept { waiting_ = &op; }

 private:
  task_node& node_;
  operation* waiting_ = nullptr;
};

}  // namespace tailrace::asio
