// SPDX-License-Identifier: MIT
// The queue that all workers of a runtime share: what other threads start or wake, and what a full
// stealing_queue sheds. An intrusive FIFO under one mutex; its length can be read without it.
//
// Any thread. Cost: a lock and a few instructions; take() walks the items that it takes under the
// lock, and hands them on after it. Allocates nothing. Source: Tokio's runtime/scheduler/inject.
// Checked by tests/model/inject_queue_model.cpp.
#pragma once

#include <cstddef>
#include <mutex>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/mutex.hpp"
#include "runtimes/base/ready_queue.hpp"

namespace tailrace {

class alignas(64) inject_queue {
 public:
  inject_queue() = default;
  inject_queue(const inject_queue&) = delete;
  inject_queue& operator=(const inject_queue&) = delete;

  // A hint. After a seq_cst fence it counts all that was pushed before the pusher's fence, except
  // what has been taken since.
  std::size_t size() const noexcept {
    return size_.load(std::memory_order_relaxed);  // relaxed: a hint, ordered by callers' fences
  }

  void push(runnable& item) noexcept { push_batch(&item, &item, 1); }

  // `count` items linked by next_ready from `first` to `last`.
  void push_batch(runnable* first, runnable* last, std::size_t count) noexcept {
    last->next_ready = nullptr;
    const std::scoped_lock lock(mutex_);
    if (head_.get() == nullptr)
      head_.set(first);
    else
      tail_.get()->next_ready = first;
    tail_.set(last);
    set_size(own_size() + count);
  }

  // Gives up to max items, oldest first, to sink(runnable&), and returns how many. The sink runs
  // without the lock; it may push to this queue, run the item or destroy it.
  template <class Sink>
  std::size_t take(std::size_t max, Sink&& sink) {
    if (size() == 0) return 0;
    runnable* item = nullptr;
    const std::size_t count = cut(max, item);
    for (std::size_t i = 0; i < count; ++i) {
      runnable* const next = item->next_ready;
      sink(*item);
      item = next;
    }
    return count;
  }

 private:
  // Unlinks up to max items from the front; `first` is the oldest of them.
  std::size_t cut(std::size_t max, runnable*& first) noexcept {
    const std::scoped_lock lock(mutex_);
    const std::size_t count = max < own_size() ? max : own_size();
    if (count == 0) return 0;
    first = head_.get();
    runnable* rest = first;
    for (std::size_t i = 0; i < count; ++i)
      rest = rest->next_ready;
    head_.set(rest);
    set_size(own_size() - count);
    return count;
  }

  // Both under the lock.
  std::size_t own_size() const noexcept {
    return size_.load(std::memory_order_relaxed);  // relaxed: written under the same lock
  }
  void set_size(std::size_t size) noexcept {
    size_.store(size, std::memory_order_relaxed);  // relaxed: see size()
  }

  mutex mutex_;
  guarded<runnable*> head_{nullptr};  // null: empty
  guarded<runnable*> tail_{nullptr};  // the newest item, unless empty
  atomic<std::size_t> size_{0};       // written under the lock, read anywhere
};

}  // namespace tailrace
