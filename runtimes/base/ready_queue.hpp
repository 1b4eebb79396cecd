// SPDX-License-Identifier: MIT
// An intrusive FIFO of coroutines that are ready to run. One thread. Every operation is O(1) and
// allocates nothing: the item lives in the task's promise or in the awaiter, and must stay alive
// and unlinked elsewhere until it is popped.
#pragma once

#include <coroutine>
#include <cstddef>

namespace tailrace {

struct runnable {
  runnable* next_ready;            // set by the queue
  std::coroutine_handle<> handle;  // what to resume
};

class ready_queue {
 public:
  bool empty() const noexcept { return head_ == nullptr; }
  std::size_t size() const noexcept { return size_; }

  void push(runnable& item) noexcept {
    item.next_ready = nullptr;
    (tail_ == nullptr ? head_ : tail_->next_ready) = &item;
    tail_ = &item;
    ++size_;
  }

  // Requires !empty(). The item may be destroyed or pushed again as soon as this returns.
  runnable& pop() noexcept {
    runnable& item = *head_;
    head_ = item.next_ready;
    if (head_ == nullptr) tail_ = nullptr;
    --size_;
    return item;
  }

 private:
  runnable* head_ = nullptr;
  runnable* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tailrace
