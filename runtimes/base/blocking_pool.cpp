// SPDX-License-Identifier: MIT
#include "runtimes/base/blocking_pool.hpp"

#include <chrono>
#include <thread>
#include <utility>

#include "runtimes/base/check.hpp"

namespace tailrace {
namespace {

constexpr std::chrono::seconds keep_idle{10};  // Tokio's

}  // namespace

blocking_pool::~blocking_pool() {
  std::unique_lock lock(mutex_);
  TAILRACE_CHECK_VALUES(queued_ == 0, queued_, 0);
  ending_ = true;
  work_or_end_.notify_all();
  thread_left_.wait(lock, [this] { return threads_ == 0; });
}

void blocking_pool::submit(blocking_call& call) {
  call.next = nullptr;
  {
    const std::lock_guard lock(mutex_);
    // Threads that were woken for earlier calls and have not come yet count as idle still.
    if (idle_ <= queued_ && threads_ < most_threads_) start_thread();
    (last_ == nullptr ? first_ : last_->next) = &call;
    last_ = &call;
    ++queued_;
  }
  work_or_end_.notify_one();
}

void blocking_pool::start_thread() {
  try {
    std::thread([this] { work(); }).detach();
    ++threads_;
  } catch (const std::system_error&) {
    if (threads_ == 0) throw;  // Else those that exist will come to the call.
  }
}

void blocking_pool::work() noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    work_or_end_.wait_for(lock, keep_idle, [this] { return queued_ > 0 || ending_; });
    --idle_;
    if (queued_ == 0) break;
    blocking_call& call = *first_;
    first_ = call.next;
    if (first_ == nullptr) last_ = nullptr;
    --queued_;
    lock.unlock();
    call.run(call);
    lock.lock();
  }
  --threads_;
  thread_left_.notify_all();
}

std::uint32_t blocking_pool::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

std::uint32_t blocking_pool::queued() const {
  const std::lock_guard lock(mutex_);
  return queued_;
}

}  // namespace tailrace
