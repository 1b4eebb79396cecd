// SPDX-License-Identifier: MIT
#include "runtimes/threads/thread_chain.hpp"

#include <utility>

#include "runtimes/base/check.hpp"

namespace tailrace::threads {
namespace {

void join(pthread_t thread) noexcept {
  const int error = ::pthread_join(thread, nullptr);
  TAILRACE_CHECK_VALUES(error == 0, error, 0);
}

}  // namespace

thread_attributes::thread_attributes(std::size_t stack_kib) {
  TAILRACE_CHECK_VALUES(stack_kib == 0 || stack_kib >= stack_kib_least, stack_kib, stack_kib_least);
  int error = ::pthread_attr_init(&attributes_);
  if (error == 0 && stack_kib != 0)
    error = ::pthread_attr_setstacksize(&attributes_, stack_kib * 1024);
  TAILRACE_CHECK_VALUES(error == 0, error, stack_kib);
}

thread_attributes::~thread_attributes() {
  ::pthread_attr_destroy(&attributes_);
}

int thread_chain::start(const thread_attributes& attributes, void* (*body)(void*),
                        void* argument) noexcept {
  {
    const std::lock_guard lock(mutex_);
    ++running_;
  }
  pthread_t thread;
  const int error = ::pthread_create(&thread, attributes.get(), body, argument);
  if (error != 0) [[unlikely]] {
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) none_running_.notify_all();
  }
  return error;
}

void thread_chain::ended() noexcept {
  std::optional<pthread_t> before;
  {
    const std::lock_guard lock(mutex_);
    before = std::exchange(last_ended_, ::pthread_self());
    // Under the lock: join_all() may return, and we be destroyed, only once this thread is joined.
    if (--running_ == 0) none_running_.notify_all();
  }
  if (before) join(*before);
}

void thread_chain::join_all() noexcept {
  std::optional<pthread_t> last;
  {
    std::unique_lock lock(mutex_);
    none_running_.wait(lock, [this] { return running_ == 0; });
    last = std::exchange(last_ended_, std::nullopt);
  }
  if (last) join(*last);
}

}  // namespace tailrace::threads
