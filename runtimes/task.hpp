// SPDX-License-Identifier: MIT
// task<T>: a lazy coroutine. It starts when it is awaited, or when a scope spawns it (task<void>
// only), and resumes its awaiter by symmetric transfer, so a chain of awaits that finish at once
// uses no stack. An exception thrown inside is rethrown to the awaiter. Parameters are copied into
// the frame; a reference parameter's referent must outlive the task.
//
// Not thread-safe: one owner, one await. Cost: one frame from base/frame_allocator.hpp; nothing per
// await. Source: the lazy task of cppcoro and P3552, plus a task_node that children inherit from
// their awaiter.
#pragma once

#include <coroutine>
#include <exception>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/frame_allocator.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace {

template <class T = void>
class task;

// Of a coroutine that another one awaits: whom to resume at the end, and with which exception.
struct awaited_part {
  std::coroutine_handle<> awaiter;
  std::exception_ptr failure;
};

// What every task offers to the awaiters inside its coroutine.
class promise_base {
 public:
  static void* operator new(std::size_t size) { return frame_allocator::allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept {
    frame_allocator::release(frame, size);
  }

  std::suspend_always initial_suspend() noexcept { return {}; }

  // The spawned task that this coroutine is part of.
  task_node& node() const noexcept { return *node_; }
  bool stop_requested() const noexcept { return node_->owner->stop_requested(); }

  // The promise's end(handle) says who runs next.
  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().end(self);
    }
    void await_resume() const noexcept {}
  };

 protected:
  static void rethrow(std::exception_ptr& failure) {
    if (failure) [[unlikely]]
      std::rethrow_exception(std::move(failure));
  }

  task_node* node_ = nullptr;
};

template <class T>
class task_promise final : public promise_base {
 public:
  task<T> get_return_object() noexcept;
  final_awaiter final_suspend() noexcept { return {}; }
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { awaited_.failure = std::current_exception(); }
  T take_result() {
    rethrow(awaited_.failure);
    return std::move(*value_);
  }
  void set_awaiter(std::coroutine_handle<> awaiter, task_node& node) noexcept {
    awaited_.awaiter = awaiter;
    node_ = &node;
  }
  std::coroutine_handle<> end(std::coroutine_handle<>) const noexcept { return awaited_.awaiter; }

 private:
  awaited_part awaited_;
  std::optional<T> value_;
};

// It is awaited, or it is spawned and its scope learns of its end: one part or the other.
template <>
class task_promise<void> final : public promise_base {
 public:
  task_promise() noexcept : awaited_() {}
  task_promise(const task_promise&) = delete;
  task_promise& operator=(const task_promise&) = delete;
  ~task_promise() {
    if (!is_root()) awaited_.~awaited_part();
  }

  task<void> get_return_object() noexcept;
  final_awaiter final_suspend() noexcept { return {}; }
  void return_void() noexcept {}
  void unhandled_exception() noexcept {
    if (!is_root()) {
      awaited_.failure = std::current_exception();
      return;
    }
    root_.owner->failed(root_, std::current_exception());
    node_ = &failed_root;
  }
  void take_result() { rethrow(awaited_.failure); }
  void set_awaiter(std::coroutine_handle<> awaiter, task_node& node) noexcept {
    awaited_.awaiter = awaiter;
    node_ = &node;
  }

  task_node& become_root(scope_base& owner) noexcept {
    awaited_.~awaited_part();
    node_ = ::new (&root_) task_node;
    root_.handle = std::coroutine_handle<task_promise>::from_promise(*this);
    root_.owner = &owner;
    return root_;
  }

  std::coroutine_handle<> end(std::coroutine_handle<> self) noexcept {
    if (!is_root()) return awaited_.awaiter;
    // Destroys this frame; nothing of it may be touched afterwards.
    root_.owner->finished(root_, self, node_ == &failed_root);
    return std::noop_coroutine();
  }

 private:
  // Whose node a spawned coroutine that has thrown gets: no awaiter asks for it any more.
  static inline constinit task_node failed_root{};

  bool is_root() const noexcept { return node_ == &root_ || node_ == &failed_root; }

  union {
    awaited_part awaited_;
    task_node root_;  // from become_root() on
  };
};

// In the frame of each task: its node, and where that is.
static_assert(sizeof(task_promise<void>) == sizeof(task_node) + sizeof(void*));

template <class T>
class [[nodiscard]] task {
 public:
  using promise_type = task_promise<T>;

  task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~task() {
    if (handle_) handle_.destroy();
  }

  class awaiter {
   public:
    explicit awaiter(std::coroutine_handle<promise_type> child) noexcept : child_(child) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
      child_.promise().set_awaiter(parent, parent.promise().node());
      return child_;
    }
    T await_resume() { return child_.promise().take_result(); }

   private:
    std::coroutine_handle<promise_type> child_;
  };

  awaiter operator co_await() && noexcept {
    TAILRACE_DCHECK(handle_ != nullptr);
    return awaiter(handle_);
  }

  // For scopes: the coroutine becomes a task of its own, which its scope destroys when it ends.
  task_node& release_as_root(scope_base& owner) && noexcept
    requires std::is_void_v<T>
  {
    return std::exchange(handle_, nullptr).promise().become_root(owner);
  }

 private:
  friend promise_type;
  explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}

inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

// co_await stop_requested(): has this task's scope been asked to stop? Never suspends.
class stop_requested {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    value_ = self.promise().stop_requested();
    return false;
  }
  bool await_resume() const noexcept { return value_; }

 private:
  bool value_ = false;
};

}  // namespace tailrace
