// SPDX-License-Identifier: MIT
#include "runtimes/libuv/poller.hpp"

#include <csignal>
#include <utility>

#include "runtimes/base/check.hpp"

namespace tailrace::libuv {
namespace {

void check(int result) noexcept {
  TAILRACE_CHECK_VALUES(result == 0, result, 0);
}

void ignore_broken_pipes() noexcept {
  struct sigaction now{};
  if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
    std::signal(SIGPIPE, SIG_IGN);
}

template <class Handle>
void close_handle(Handle& handle) noexcept {
  uv_close(reinterpret_cast<uv_handle_t*>(&handle), nullptr);
}

}  // namespace

poller::poller(uv_prepare_cb before_poll, style how) : timers_(*this), how_(how), buffers_(how) {
  ignore_broken_pipes();
  check(uv_loop_init(&uv_));
  check(uv_async_init(&uv_, &wake_, &on_wake));
  check(uv_prepare_init(&uv_, &prepare_));
  check(uv_idle_init(&uv_, &keep_turning_));
  wake_.data = prepare_.data = this;
  check(uv_prepare_start(&prepare_, before_poll));
}

poller::~poller() {
  const std::uint64_t open = counters_.open_descriptors.get();
  TAILRACE_CHECK_VALUES(open == 0, open, 0);
  close_handle(wake_);
  close_handle(prepare_);
  close_handle(keep_turning_);
  timers_.close();
  check(uv_run(&uv_, UV_RUN_DEFAULT));  // 0: no handle is left
  check(uv_loop_close(&uv_));
}

void poller::wake() noexcept {
  check(uv_async_send(&wake_));
}

void poller::on_wake(uv_async_t* handle) {
  static_cast<poller*>(handle->data)->pass_stop_on();
}

void poller::run_ready() {
  loop::run_ready();
  tell_counts();
  if (ready_.empty()) {
    counters_.parks.add(1);
    uv_idle_stop(&keep_turning_);
  } else {
    uv_idle_start(&keep_turning_, [](uv_idle_t*) {});
  }
}

void poller::tell_counts() noexcept {
  counters_.polls.add(std::exchange(resumed_, 0));
  counters_.timers_armed.set(timers_.armed());
}

}  // namespace tailrace::libuv
