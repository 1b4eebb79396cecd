// SPDX-License-Identifier: MIT
// scope<R>: structured concurrency on runtime R.
// - spawn() starts a child task, join() awaits the end of all, request_stop() asks all to end.
// - There is no detach: a scope destroyed with living children is a bug and aborts.
// - The first exception of a child stops its siblings and is rethrown by join(): a failed task is
//   never silent.
// - Cancellation is cooperative: an operation that a stopped task awaits returns -ECANCELED; a task
//   that joins an inner scope passes the request on to it.
//
// Threads: spawn() and join() belong to tasks of R; request_stop() may be called wherever
// R::cancel() may. Cost: spawn is the child's frame and a list insertion; a finished child costs a
// list removal.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <mutex>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/task.hpp"

namespace tailrace {

// What a scope asks of its runtime R (no workload needs these):
//
//   R::mutex_type            BasicLockable, made from R& or from nothing; empty where all tasks run
//                            on one thread.
//   R::completion            One-shot event, made from R&, set() by the last child (several
//                            threads: completion.hpp):
//     wait(node, handle)     false: already set, or it has blocked until it was. True: it will
//                            resume the handle, which belongs to the task `node`.
//     end_run()              Optional, instead of wait(), for main's scope: set() ends R::run().
//     joined()               Optional, after every join, when no child lives: give back what the
//                            runtime kept for the children (the threads runtime joins threads).
//   rt.start(task_node&)     Make a new task ready.
//   rt.cancel(task_node&)    If the task sleeps in an operation, end that with -ECANCELED. Called
//                            under the scope's mutex; never resumes the task inside the call.
//   rt.task_ended(failed, stopped)   Optional: counts a task that ended.
template <class R>
class scope final : public scope_base {
 public:
  explicit scope(R& runtime) noexcept
    requires std::constructible_from<typename R::mutex_type, R&>
      : runtime_(runtime), mutex_(runtime), idle_(runtime) {}
  explicit scope(R& runtime) noexcept : runtime_(runtime), idle_(runtime) {}
  ~scope() { TAILRACE_CHECK_VALUES(live_ == 0, live_, 0); }

  void spawn(task<void> child) {
    task_node& node = std::move(child).release_as_root(*this);
    {
      const std::lock_guard lock(mutex_);
      link(node);
    }
    // The child may have ended by the time start() returns: no touching node afterwards.
    runtime_.start(node);
  }

  void request_stop() noexcept override {
    const std::lock_guard lock(mutex_);
    stop_locked();
  }

  // Living children. Only a hint where tasks run on several threads.
  std::size_t live() const noexcept {
    const std::lock_guard lock(mutex_);
    return live_;
  }

  class join_awaiter {
   public:
    explicit join_awaiter(scope& joined) noexcept : scope_(joined) {}
    bool await_ready() const noexcept { return false; }

    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
      node_ = &self.promise().node();
      return scope_.begin_join(*node_, self);
    }
    // Throws the first exception of a child.
    void await_resume() {
      scope_.end_join(*node_);
      scope_.rethrow_first_failure();
    }

   private:
    scope& scope_;
    task_node* node_ = nullptr;
  };

  // Awaits all children, also those spawned meanwhile. Must be awaited before the scope is
  // destroyed if anything was spawned; at most one task at a time may join.
  [[nodiscard]] join_awaiter join() noexcept { return join_awaiter(*this); }

  // After all children ended: throws the first exception of a child, once.
  void rethrow_first_failure() {
    if (first_failure_) [[unlikely]]
      std::rethrow_exception(std::exchange(first_failure_, nullptr));
  }

  // For R::run(), instead of join(): the last child ends the run. False: no child lives by now.
  bool end_run_when_idle() noexcept {
    const std::lock_guard lock(mutex_);
    if (live_ == 0) return false;
    idle_.end_run();
    joined_ = true;
    return true;
  }

  // For R.
  R& owner() const noexcept { return runtime_; }
  R::completion& idle() noexcept { return idle_; }

  void failed(task_node& node, std::exception_ptr failure) noexcept override {
    const std::lock_guard lock(mutex_);
    unlink(node);  // the stop is for the others
    if (!first_failure_) first_failure_ = std::move(failure);
    stop_locked();
  }

  void finished(task_node& node, std::coroutine_handle<> frame, bool threw) noexcept override {
    if constexpr (requires { runtime_.task_ended(true, true); })
      runtime_.task_ended(threw, stop_requested());
    if (!threw) [[likely]] {
      const std::lock_guard lock(mutex_);
      unlink(node);
    }
    frame.destroy();  // Unlocked: the destructors of the task's arguments run here.
    const std::lock_guard lock(mutex_);
    --live_;
    // Last: the joiner may destroy the scope once it holds the mutex after us (end_join).
    if (live_ == 0 && joined_) {
      joined_ = false;
      idle_.set();
    }
  }

 private:
  bool begin_join(task_node& joiner, std::coroutine_handle<> handle) noexcept {
    if (parent_of(joiner).begins_to_join(*this)) request_stop();
    {
      const std::lock_guard lock(mutex_);
      if (live_ == 0) return false;
      joined_ = true;
    }
    return idle_.wait(joiner, handle);
  }

  void end_join(task_node& joiner) noexcept {
    parent_of(joiner).has_joined(*this);
    {
      const std::lock_guard lock(mutex_);  // The last child has left finished() once we hold it.
      TAILRACE_CHECK_VALUES(live_ == 0, live_, 0);
    }
    if constexpr (requires { idle_.joined(); }) idle_.joined();
  }

  static scope& parent_of(const task_node& joiner) noexcept {
    return static_cast<scope&>(*joiner.owner);
  }

  // One of our children joins that scope from now on, and until has_joined(). Returns whether it
  // has been asked to stop.
  bool begins_to_join(scope& inner) noexcept {
    const std::lock_guard lock(mutex_);
    inner.next_joined_ = joined_by_children_;
    if (joined_by_children_ != nullptr) joined_by_children_->previous_joined_ = &inner;
    joined_by_children_ = &inner;
    return stop_requested();
  }

  void has_joined(scope& inner) noexcept {
    const std::lock_guard lock(mutex_);
    (inner.previous_joined_ != nullptr ? inner.previous_joined_->next_joined_
                                       : joined_by_children_) = inner.next_joined_;
    if (inner.next_joined_ != nullptr)
      inner.next_joined_->previous_joined_ = inner.previous_joined_;
    inner.previous_joined_ = inner.next_joined_ = nullptr;
  }

  void stop_locked() noexcept {
    if (stop_requested()) return;
    set_stop_requested();
    for (scope* inner = joined_by_children_; inner != nullptr; inner = inner->next_joined_)
      inner->request_stop();
    for (task_node* node = first_; node != nullptr; node = node->next_sibling)
      runtime_.cancel(*node);
  }

  void link(task_node& node) noexcept {
    node.next_sibling = first_;
    if (first_ != nullptr) first_->previous_sibling = &node;
    first_ = &node;
    ++live_;
  }

  void unlink(task_node& node) noexcept {
    (node.previous_sibling != nullptr ? node.previous_sibling->next_sibling : first_) =
        node.next_sibling;
    if (node.next_sibling != nullptr) node.next_sibling->previous_sibling = node.previous_sibling;
  }

  R& runtime_;
  [[no_unique_address]] mutable typename R::mutex_type mutex_;
  task_node* first_ = nullptr;  // living children, newest first
  // The scopes that our children join right now, so that a stop reaches their tasks; and this
  // scope's place in such a list, which its joiner's scope guards.
  scope* joined_by_children_ = nullptr;
  scope* previous_joined_ = nullptr;
  scope* next_joined_ = nullptr;
  std::size_t live_ = 0;
  bool joined_ = false;  // a joiner waits for idle_
  std::exception_ptr first_failure_;
  typename R::completion idle_;
};

}  // namespace tailrace
