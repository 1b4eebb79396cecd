// SPDX-License-Identifier: MIT
// A bounded pool of threads and the queue of the tasks that wait for one of them, first come first
// served. A thread is started when a task finds none free, up to the limit, and stays until the
// pool ends. It does not run the tasks: its threads take them (next()) and call leave() at last.
// Any thread; one mutex. Source: the pools of bounded size of every platform, such as
// ThreadPoolExecutor of Java with a core of none, here with its queue behind the threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "runtimes/base/ready_queue.hpp"
#include "runtimes/task_node.hpp"
#include "runtimes/threads/thread_chain.hpp"

namespace tailrace::threads {

class thread_pool {
 public:
  // What each thread calls, with this argument.
  struct thread_body {
    void* (*body)(void*);
    void* argument;
  };

  explicit thread_pool(std::size_t limit) noexcept : limit_(limit) {}

  // 0, or the errno of the refusal where there is not even one thread.
  int submit(task_node& task, const thread_attributes& attributes, const thread_body& body);
  // By a thread of the pool: the task to run, or null: leave. Blocks.
  task_node* next();
  // By that thread: the task has ended.
  void done() noexcept;
  // By a thread of the pool, as its last use of the pool.
  void leave() noexcept { threads_.ended(); }
  // No task is left and none comes: the threads leave; blocks until they have ended.
  void end() noexcept;

  std::size_t limit() const noexcept { return limit_; }
  std::size_t threads() const;
  std::size_t waiting() const;  // tasks without a thread

 private:
  bool must_grow() const noexcept { return started_ < limit_ && queue_.size() >= started_ - busy_; }

  const std::size_t limit_;
  mutable std::mutex mutex_;  // guards all below but threads_
  std::condition_variable changed_;
  ready_queue queue_;
  std::size_t started_ = 0;
  std::size_t busy_ = 0;  // of them: run a task
  bool ended_ = false;
  thread_chain threads_;
};

}  // namespace tailrace::threads
