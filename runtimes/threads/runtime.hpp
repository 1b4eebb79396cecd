// SPDX-License-Identifier: MIT
// The OS-thread contestants: blocking calls, every await completes inline. The kernel is the
// scheduler. Threads are pthreads as std::thread makes them; made directly, because a stack size
// can be asked for and a refusal is an errno instead of an exception.
// - runtime: one thread per spawned task.
// - pool_runtime: a bounded pool (thread_pool.hpp). A task keeps its thread until it ends, also
//   while it blocks; those beyond the limit (task_limit()) wait in a queue, and the connection that
//   such a task serves is not answered meanwhile. Tasks that wait for each other, as one that joins
//   a scope waits for its children, have to be fewer than the limit.
//
// How it differs from the other runtimes, and why:
// - A task that gets no thread (EAGAIN: limits on threads, no memory) runs on its spawner's thread
//   with every operation refused by that errno: an echo session then ends at once, its connection
//   is closed and counted as an error, and the server lives on. refused_threads() counts them.
// - There are no workers: metrics() has the counts of the whole only.
// - join() returns when the threads are joined, not only when the tasks have ended. Those of the
//   pool are joined at the end of run().
// - yield() is sched_yield(): the kernel decides who runs. Fairness is the kernel's as well.
// - Leases die before the task that received them ends (the buffer is on that task's stack).
// - main runs on the thread that calls run(), every other task on its own, or one of the pool.
//
// Threads: start(), cancel() and metrics() any; listen() and run() the owner; request_stop() any.
// Cost: spawn is a pthread_create (10 to 40 us), or the wake-up of a free thread of the pool; the
// counters cost four atomic instructions in a task's life. An echo round trip is 2 system calls, 4
// uncontended atomic instructions and no lock (blocking_task.hpp, shared_socket.hpp).
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "runtimes/base/endpoint.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/base/shared_counter.hpp"
#include "runtimes/base/task_counters.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"
#include "runtimes/threads/blocking_task.hpp"
#include "runtimes/threads/event.hpp"
#include "runtimes/threads/file.hpp"
#include "runtimes/threads/inline_call.hpp"
#include "runtimes/threads/stream.hpp"
#include "runtimes/threads/thread_chain.hpp"
#include "runtimes/threads/thread_pool.hpp"

namespace tailrace::threads {

inline io_result blocking_sleep(std::chrono::steady_clock::time_point deadline, task_node& node) {
  return blocking_task_of(node).sleep_until(deadline);
}
using sleep_awaiter = blocking_awaiter<&blocking_sleep, std::chrono::steady_clock::time_point>;

class yield_awaiter {
 public:
  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};

struct options {
  std::size_t stack_kib = 0;      // 0 for the default stack, or at least stack_kib_least
  std::size_t pool_threads = 64;  // at most; `runtime` has no such limit
};

template <bool Pooled>
class basic_runtime {
 public:
  static constexpr std::string_view id = Pooled ? "threads-pool" : "threads";
  static constexpr bool single_threaded = false;
  // extensions.hpp
  static constexpr bool spawns_from_any_thread = true;
  static constexpr std::size_t tasks_at_once = Pooled ? options().pool_threads : 500;

  using stream = threads::stream;
  using listener = threads::listener;
  using event = threads::event;
  using file = threads::file;
  using mutex_type = std::mutex;
  class completion;

  explicit basic_runtime(options chosen = {})
      : attributes_(chosen.stack_kib), pool_(chosen.pool_threads) {}
  basic_runtime(const basic_runtime&) = delete;
  basic_runtime& operator=(const basic_runtime&) = delete;

  std::expected<listener, start_error> listen(const endpoint& where);
  std::expected<file, start_error> open_file(const std::string& path, file_access how) {
    auto opened = sys::open_file(path, how);
    if (!opened) return std::unexpected(std::move(opened.error()));
    return file(std::move(*opened));
  }
  sleep_awaiter sleep_until(const std::chrono::steady_clock::time_point& deadline) noexcept {
    return sleep_awaiter(deadline);
  }
  yield_awaiter yield() noexcept { return {}; }
  // Calls at once, on the task's own thread.
  template <class Callable>
  inline_call<Callable> run_blocking(Callable callable) {
    return inline_call<Callable>(std::move(callable));
  }
  void run(task<void> main);
  void request_stop() noexcept;
  runtime_metrics metrics() const;

  // How many tasks other than main run at once (extensions.hpp).
  std::size_t task_limit() const noexcept
    requires Pooled
  {
    return pool_.limit();
  }

  // Tasks that got no thread of their own.
  std::uint64_t refused_threads() const noexcept { return counters_.refused.get(); }

  // For scope<basic_runtime>.
  void start(task_node& node);
  void cancel(task_node& node) noexcept { registry_.cancel(node); }
  void task_ended(bool failed, bool stopped) noexcept { counters_.tasks.ended(failed, stopped); }

 private:
  static scope<basic_runtime>& scope_of(task_node& node) noexcept;
  static void* thread_body(void* node) noexcept;
  static void* pool_thread_body(void* self) noexcept;
  int find_thread(task_node& node);
  void run_task(task_node& node, blocking_task& task);

  thread_attributes attributes_;
  thread_pool pool_;  // without threads where each task has its own
  task_registry registry_;
  task_node* main_node_ = nullptr;  // main, between its spawn and its start by run()
  // Any thread.
  struct counters {
    basic_task_counters<shared_counter> tasks;
    shared_counter refused;  // tasks that got no thread
    shared_counter alive;    // threads of tasks other than main
  };
  counters counters_;

  std::mutex stop_mutex_;  // guards the two below
  scope<basic_runtime>* main_scope_ = nullptr;
  bool stop_requested_ = false;
};

// One-shot event for scope::join, and the threads of that scope, of which a pool has none.
template <bool Pooled>
class basic_runtime<Pooled>::completion {
 public:
  explicit completion(basic_runtime&) noexcept {}

  bool wait(task_node&, std::coroutine_handle<>) noexcept {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return set_; });
    set_ = false;
    return false;
  }
  void set() noexcept {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_one();
  }
  // The scope's hook: its tasks have ended, so must their threads.
  void joined() noexcept { threads_.join_all(); }
  thread_chain& threads() noexcept { return threads_; }

 private:
  std::mutex mutex_;  // guards set_
  std::condition_variable changed_;
  bool set_ = false;
  thread_chain threads_;
};

using runtime = basic_runtime<false>;
using pool_runtime = basic_runtime<true>;

}  // namespace tailrace::threads
