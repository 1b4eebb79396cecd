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
#include <optional>
#include <type_traits>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/frame_allocator.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace {

template <class T = void>
class task;

// What every task offers to the awaiters inside its coroutine.
class promise_base {
 public:
  static void* operator new(std::size_t size) { return frame_allocator::allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept {
    frame_allocator::release(frame, size);
  }

  std::suspend_always initial_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

  // The spawned task that this coroutine is part of.
  task_node& node() const noexcept { return *node_; }
  bool stop_requested() const noexcept { return node_->owner->stop_requested(); }

  void set_awaiter(std::coroutine_handle<> awaiter, task_node& node) noexcept {
    awaiter_ = awaiter;
    node_ = &node;
  }

 protected:
  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      promise_base& promise = self.promise();
      if (promise.awaiter_) return promise.awaiter_;
      task_node& node = *promise.node_;
      // Destroys this frame; nothing of it may be touched afterwards.
      node.owner->finished(node, self, std::move(promise.failure_));
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  void rethrow_failure() {
    if (failure_) [[unlikely]]
      std::rethrow_exception(std::move(failure_));
  }

  std::coroutine_handle<> awaiter_;
  task_node* node_ = nullptr;
  std::exception_ptr failure_;
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
  T take_result() {
    rethrow_failure();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class task_promise<void> final : public promise_base {
 public:
  task<void> get_return_object() noexcept;
  final_awaiter final_suspend() noexcept { return {}; }
  void return_void() noexcept {}
  void take_result() { rethrow_failure(); }

  task_node& become_root(scope_base& owner) noexcept {
    root_.handle = std::coroutine_handle<task_promise>::from_promise(*this);
    root_.owner = &owner;
    node_ = &root_;
    return root_;
  }

 private:
  task_node root_;  // used only when spawned
};

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
