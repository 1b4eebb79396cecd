// SPDX-License-Identifier: MIT
#include "runtimes/libuv/timer_pool.hpp"

#include <cstdint>
#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/libuv/poller.hpp"

namespace tailrace::libuv {

timer& timer_pool::start(single::task_operation& sleeper, time deadline) {
  // uv_now() is CLOCK_MONOTONIC, as steady_clock is, in whole milliseconds rounded down. A timer
  // fires once uv_now() has reached now + timeout, so rounding the deadline up is enough.
  const std::int64_t due =
      std::chrono::ceil<std::chrono::milliseconds>(deadline.time_since_epoch()).count();
  const std::int64_t now = static_cast<std::int64_t>(uv_now(&owner_.uv()));
  timer& started = take();
  started.sleeper = &sleeper;
  const int error = uv_timer_start(&started.handle, &on_timeout,
                                   due > now ? static_cast<std::uint64_t>(due - now) : 0, 0);
  TAILRACE_CHECK_VALUES(error == 0, error, 0);
  ++armed_;
  return started;
}

void timer_pool::stop(timer& running) noexcept {
  uv_timer_stop(&running.handle);
  give_back(running);
}

void timer_pool::close() noexcept {
  while (spare_ != nullptr)
    free_when_closed(*std::exchange(spare_, spare_->next));
  spares_ = 0;
}

timer& timer_pool::take() {
  if (spare_ != nullptr) {
    --spares_;
    return *std::exchange(spare_, spare_->next);
  }
  timer* const fresh = new timer;
  uv_timer_init(&owner_.uv(), &fresh->handle);
  fresh->handle.data = this;
  return *fresh;
}

void timer_pool::give_back(timer& stopped) noexcept {
  --armed_;
  if (spares_ == spare_kept) return free_when_closed(stopped);
  stopped.next = spare_;
  spare_ = &stopped;
  ++spares_;
}

void timer_pool::on_timeout(uv_timer_t* handle) {
  timer_pool& pool = *static_cast<timer_pool*>(handle->data);
  timer& expired = *reinterpret_cast<timer*>(handle);  // its first member
  single::task_operation& sleeper = *expired.sleeper;
  pool.give_back(expired);
  pool.owner_.resume(sleeper);
}

void timer_pool::free_when_closed(timer& unused) noexcept {
  uv_close(reinterpret_cast<uv_handle_t*>(&unused.handle),
           [](uv_handle_t* closed) { delete reinterpret_cast<timer*>(closed); });
}

}  // namespace tailrace::libuv
