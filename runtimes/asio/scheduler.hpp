// SPDX-License-Identifier: MIT
// What runs the tasks of a Boost.Asio runtime: an io_context, and the threads that run it. Awaiters
// and sockets see this part of a runtime; runtime.hpp adds what workloads ask for, and says how the
// two forms differ.
//
// Threads: request_stop(), metrics(): any. The rest: tasks and handlers of the runtime, except
// where the protected part says otherwise.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "runtimes/asio/contexts.hpp"
#include "runtimes/asio/receive_buffer.hpp"
#include "runtimes/base/metrics.hpp"
#include "runtimes/base/pooled_read.hpp"
#include "runtimes/base/task_counters.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::asio {

struct options {
  std::uint32_t threads = 1;  // that run the io_context; `runtime` has one
  // On each of them before it runs anything; null: nothing to do.
  std::function<void(std::uint32_t index)> on_worker_start;
  // asio-epoll reads files on a pool of that many threads; mode automatic is as pool.
  file_options files = {};
  buffer_options buffers = {};
  // Deadlines are rounded up to multiples of it (base/timer_window.hpp). Asio itself has no such
  // setting: this is what its user can do.
  std::chrono::microseconds timer_window{0};
};

template <class Contexts>
class basic_scheduler {
 public:
  using context = boost::asio::io_context;

  // Throws std::system_error where the kernel refuses what the backend needs.
  explicit basic_scheduler(options chosen);
  basic_scheduler(const basic_scheduler&) = delete;
  basic_scheduler& operator=(const basic_scheduler&) = delete;

  // Resumed after what is queued already.
  void post(std::coroutine_handle<> handle);
  void schedule(task_node& node) { post(node.handle); }
  // A new task.
  void start(task_node& node) {
    counters_.tasks.spawned.add(1);
    schedule(node);
  }
  // Under the mutex of the task's scope.
  void cancel(task_node& node) noexcept;
  void task_ended(bool failed, bool stopped) noexcept { counters_.tasks.ended(failed, stopped); }
  // The scope of main has no child left: ends the run.
  void main_ended() noexcept { context_.stop(); }
  void request_stop() noexcept;
  runtime_metrics metrics() const;

  boost::asio::io_context& io() noexcept { return context_; }
  // By a task or a handler.
  worker& here() noexcept {
    if constexpr (Contexts::is_shared)
      return *worker::current;
    else
      return workers_.front();
  }
  // By an operation's handler, first of all: from now on nobody else touches the operation.
  static void woke(operation& op) noexcept {
    Contexts::claim(*op.node);
    Contexts::release(*op.node, nullptr);
  }
  // By an operation's handler, last of all: goes on with the task.
  void resume(operation& op) { resume(op.handle); }
  // By a handler of an operation that no stop can reach.
  void resume(std::coroutine_handle<> handle) {
    here().polls.add(1);
    handle.resume();
  }
  const buffer_options& buffers() const noexcept { return options_.buffers; }
  const file_options& files() const noexcept { return options_.files; }
  std::chrono::microseconds timer_window() const noexcept { return options_.timer_window; }
  // By whoever opens a file that is read there.
  void need_file_threads();
  boost::asio::thread_pool& file_threads() noexcept { return *file_threads_; }
  // Asio's files are not to be used by two threads at once.
  Contexts::scope_mutex& file_mutex() noexcept { return file_mutex_; }
  void timer_armed() noexcept { counters_.timers_armed.add(1); }
  void timer_done() noexcept { counters_.timers_armed.subtract(1); }
  void socket_opened() noexcept { counters_.open_descriptors.add(1); }
  void socket_closed() noexcept { counters_.open_descriptors.subtract(1); }

 protected:
  // Streams and listeners are gone by now.
  ~basic_scheduler();

  // By the owner, in this order, with main spawned in between. start_threads() throws
  // std::system_error where no thread can be had.
  void start_threads(scope_base& main);
  void work_until_ended();

 private:
  // Written by the threads that run tasks, read by any.
  struct counters {
    Contexts::counter open_descriptors;  // owned by a stream or listener
    Contexts::counter timers_armed;
    basic_task_counters<typename Contexts::counter> tasks;
  };

  void join_threads() noexcept;
  void work(std::uint32_t index);

  const options options_;
  context context_;
  boost::asio::executor_work_guard<context::executor_type> work_;  // run() waits for main's end
  std::vector<worker> workers_;
  std::vector<std::thread> threads_;                        // all but that of run()
  std::unique_ptr<boost::asio::thread_pool> file_threads_;  // made with the first file
  Contexts::scope_mutex file_mutex_;
  scope_base* main_scope_ = nullptr;
  counters counters_;
};

}  // namespace tailrace::asio
