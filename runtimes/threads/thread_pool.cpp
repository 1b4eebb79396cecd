// SPDX-License-Identifier: MIT
#include "runtimes/threads/thread_pool.hpp"

#include "runtimes/base/check.hpp"

namespace tailrace::threads {

int thread_pool::submit(task_node& task, const thread_attributes& attributes,
                        const thread_body& body) {
  // Held while a thread starts: that thread is this task's, which no other submit() may count on.
  const std::lock_guard lock(mutex_);
  if (must_grow()) {
    const int error = threads_.start(attributes, body.body, body.argument);
    if (error == 0) [[likely]]
      ++started_;
    else if (started_ == 0)
      return error;  // else one of those that there are will take it
  }
  queue_.push(task);
  changed_.notify_one();
  return 0;
}

task_node* thread_pool::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_ || !queue_.empty(); });
  if (queue_.empty()) return nullptr;
  ++busy_;
  return static_cast<task_node*>(&queue_.pop());
}

void thread_pool::done() noexcept {
  const std::lock_guard lock(mutex_);
  --busy_;
}

void thread_pool::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    TAILRACE_CHECK_VALUES(queue_.empty(), queue_.size(), 0);
    ended_ = true;
    changed_.notify_all();
  }
  threads_.join_all();
}

std::size_t thread_pool::threads() const {
  const std::lock_guard lock(mutex_);
  return ended_ ? 0 : started_;
}

std::size_t thread_pool::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

}  // namespace tailrace::threads
