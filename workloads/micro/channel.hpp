// SPDX-License-Identifier: MIT
// channel<R, T>: a bounded queue from one sending task to one receiving task. Needs R::event.
//
// send() waits while `capacity` values are queued; receive() waits while none is. A sender that
// finds the receiver waiting hands it the value; a receiver that makes room takes the value of a
// waiting sender into the queue: nobody is woken to find nothing. close(), by either side or any
// third: a waiting and every later send() gives EPIPE, receive() gives what is queued and then
// EPIPE. A stopped task's send() and receive() give ECANCELED; the value of such a send was not
// sent, and a value that was handed over before the stop is still returned.
//
// Threads: send() one task at a time, receive() one, close() where R::event::set() may be called.
// What the sender did before send() happened before the return of the receive() that gives the
// value: both hold the mutex of the channel, or set and await an event, in between. The channel
// must outlive every operation on it (a scope that owns both tasks sees to that).
// Cost: an uncontended lock an operation (none where all tasks of R run on one thread); two task
// switches when somebody waits; no allocation but that of the queue, at construction.
// Source: Go's channels (runtime/chan.go: direct hand-over in both directions).
#pragma once

#include <cerrno>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/io_result.hpp"
#include "runtimes/extensions.hpp"
#include "workloads/micro/suspend_in.hpp"

namespace tailrace {

template <class R, class T>
  requires HasEvent<R> && std::is_nothrow_move_constructible_v<T>
class channel {
  using event = typename R::event;
  using event_wait = decltype(std::declval<event&>().wait());
  using mutex = typename R::mutex_type;
  struct operation;

 public:
  class send_awaiter;
  class receive_awaiter;

  // capacity: at least 1.
  channel(R& runtime, std::size_t capacity)
    requires std::constructible_from<mutex, R&>
      : runtime_(runtime), mutex_(runtime), queue_(make_queue(capacity)), capacity_(capacity) {}
  channel(R& runtime, std::size_t capacity)
      : runtime_(runtime), queue_(make_queue(capacity)), capacity_(capacity) {}
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  ~channel() { TAILRACE_CHECK(sender_ == nullptr && receiver_ == nullptr); }

  // io_result: 0, EPIPE or ECANCELED.
  [[nodiscard]] send_awaiter send(T value) { return {*this, std::move(value)}; }
  // std::expected<T, int>: the next value, or EPIPE or ECANCELED.
  [[nodiscard]] receive_awaiter receive() { return receive_awaiter(*this); }

  void close() noexcept {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    if (sender_ != nullptr) complete(sender_, EPIPE);
    if (receiver_ != nullptr) complete(receiver_, EPIPE);
  }

 private:
  static constexpr int pending = -1;

  // A send or receive of which somebody else may bring about the outcome, under the mutex.
  struct operation {
    explicit operation(channel& of) : channel_(of), done_(of.runtime_), wait_(done_.wait()) {}
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;

    channel& channel_;
    int outcome_ = pending;   // then 0 or an errno
    std::optional<T> value_;  // to send, or received
    event done_;              // set under the mutex, hence at rest once that was held again
    event_wait wait_;
  };

  static std::unique_ptr<std::optional<T>[]> make_queue(std::size_t capacity) {
    TAILRACE_CHECK_VALUES(capacity >= 1, capacity, 1);
    return std::make_unique<std::optional<T>[]>(capacity);
  }

  // The mutex is held.
  void complete(operation*& waiting, int outcome) noexcept {
    operation& completed = *std::exchange(waiting, nullptr);
    completed.outcome_ = outcome;
    completed.done_.set();
  }

  std::size_t wrapped(std::size_t index) const noexcept {
    return index < capacity_ ? index : index - capacity_;
  }
  void push(std::optional<T>& value) noexcept {
    queue_[wrapped(first_ + count_++)].emplace(std::move(*value));
  }

  // True if the outcome is there; else the operation waits. What they may wait for is excluded by
  // the other side's rules: with a receiver waiting the queue is empty, with a sender, full.
  bool begin_send(operation& op) noexcept {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      op.outcome_ = EPIPE;
    } else if (receiver_ != nullptr) {
      receiver_->value_.emplace(std::move(*op.value_));
      complete(receiver_, 0);
      op.outcome_ = 0;
    } else if (count_ < capacity_) {
      push(op.value_);
      op.outcome_ = 0;
    } else {
      TAILRACE_CHECK(sender_ == nullptr);  // one sender at a time
      sender_ = &op;
    }
    return op.outcome_ != pending;
  }

  bool begin_receive(operation& op) noexcept {
    const std::lock_guard lock(mutex_);
    if (count_ > 0) {
      std::optional<T>& oldest = queue_[first_];
      op.value_.emplace(std::move(*oldest));
      oldest.reset();
      first_ = wrapped(first_ + 1);
      --count_;
      if (sender_ != nullptr) {
        push(sender_->value_);
        complete(sender_, 0);
      }
      op.outcome_ = 0;
    } else if (closed_) {
      op.outcome_ = EPIPE;
    } else {
      TAILRACE_CHECK(receiver_ == nullptr);  // one receiver at a time
      receiver_ = &op;
    }
    return op.outcome_ != pending;
  }

  // After the wait: the outcome, which a stop leaves alone if it was there first.
  int finish(operation& op, operation*& waiting, io_result woken) noexcept {
    if (woken.ok()) return op.outcome_;
    const std::lock_guard lock(mutex_);
    if (op.outcome_ == pending) {
      waiting = nullptr;
      return woken.error();
    }
    return op.outcome_;
  }

  R& runtime_;
  [[no_unique_address]] mutex mutex_;  // guards the rest, and what waiting operations are given
  std::unique_ptr<std::optional<T>[]> queue_;
  const std::size_t capacity_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  bool closed_ = false;
  operation* sender_ = nullptr;    // waits for room
  operation* receiver_ = nullptr;  // waits for a value
};

template <class R, class T>
  requires HasEvent<R> && std::is_nothrow_move_constructible_v<T>
class channel<R, T>::send_awaiter : operation {
 public:
  send_awaiter(channel& of, T value) : operation(of) { this->value_.emplace(std::move(value)); }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) {
    if (self.promise().stop_requested()) [[unlikely]]
      this->outcome_ = ECANCELED;
    else if (!this->channel_.begin_send(*this)) {
      waited_ = true;
      return suspend_in(this->wait_, self);
    }
    return self;
  }
  io_result await_resume() noexcept {
    channel& of = this->channel_;
    const int outcome =
        waited_ ? of.finish(*this, of.sender_, this->wait_.await_resume()) : this->outcome_;
    return outcome == 0 ? io_result() : io_result::of_error(outcome);
  }

 private:
  bool waited_ = false;
};

template <class R, class T>
  requires HasEvent<R> && std::is_nothrow_move_constructible_v<T>
class channel<R, T>::receive_awaiter : operation {
 public:
  explicit receive_awaiter(channel& of) : operation(of) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) {
    if (self.promise().stop_requested()) [[unlikely]]
      this->outcome_ = ECANCELED;
    else if (!this->channel_.begin_receive(*this)) {
      waited_ = true;
      return suspend_in(this->wait_, self);
    }
    return self;
  }
  std::expected<T, int> await_resume() noexcept {
    channel& of = this->channel_;
    const int outcome =
        waited_ ? of.finish(*this, of.receiver_, this->wait_.await_resume()) : this->outcome_;
    if (outcome != 0) return std::unexpected(outcome);
    return std::move(*this->value_);
  }

 private:
  bool waited_ = false;
};

}  // namespace tailrace
