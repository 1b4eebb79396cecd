// SPDX-License-Identifier: MIT
#include "runtimes/local/runtime.hpp"

#include <sys/epoll.h>

#include <array>
#include <system_error>

namespace tailrace::local {
namespace {

constexpr std::uint32_t registered_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::size_t batch_events = 256;
// While tasks keep each other ready, look for I/O after this many of them (Tokio: 61).
constexpr std::size_t ready_per_turn = 61;

}  // namespace

runtime::runtime(registration how, file_options files, std::chrono::nanoseconds window)
    : registration_(how),
      file_mode_(files.mode),
      epoll_(sys::make_epoll()),
      wake_(sys::make_eventfd()),
      blocking_(files.threads),
      window_{.length = window} {
  const int refused = sys::epoll_add(epoll_.get(), wake_.get(), EPOLLIN, nullptr);
  if (refused != 0) throw std::system_error(refused, std::generic_category(), "epoll_ctl");
}

runtime::~runtime() {
  TAILRACE_CHECK(ready_.empty());
  TAILRACE_CHECK_VALUES(timers_.empty(), timers_.size(), 0);
}

void runtime::run(task<void> main) {
  window_.slack = sys::timer_slack();  // this thread's, which may be another than the maker's
  scope<runtime> main_scope(*this);
  main_scope_ = &main_scope;
  main_scope.spawn(std::move(main));
  while (main_scope.live() != 0)
    turn();
  counters_.timers_armed.set(timers_.size());
  main_scope_ = nullptr;
  main_scope.rethrow_first_failure();
}

void runtime::request_stop() noexcept {
  // release: pairs with the acquire load in take_events().
  stop_requested_.store(true, std::memory_order_release);
  sys::signal_eventfd(wake_.get());
}

runtime_metrics runtime::metrics() const {
  runtime_metrics metrics;
  metrics.workers.push_back({{"polls", counters_.polls.get()},
                             {"parks", counters_.parks.get()},
                             {"forced_yields", counters_.forced_yields.get()}});
  counters_.tasks.append_to(metrics.whole);
  metrics.whole.push_back({"open_descriptors", counters_.open_descriptors.get()});
  metrics.whole.push_back({"timers_armed", counters_.timers_armed.get()});
  metrics.whole.push_back({"blocking_threads", blocking_.threads()});
  metrics.whole.push_back({"blocking_depth", blocking_.queued()});
  return metrics;
}

void runtime::cancel(task_node& node) noexcept {
  if (node.waiting == nullptr) return;
  operation& op = *static_cast<operation*>(node.waiting);
  node.waiting = nullptr;
  op.kind->abandon(op);
  ready_.push(op);
}

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  auto socket = sys::listen_on(where, false);
  if (!socket) return std::unexpected(std::move(socket.error()));
  const auto slot = register_socket(socket->release());
  if (!slot)
    return std::unexpected(start_error{
        slot.error(), "epoll refuses another descriptor: " + sys::errno_name(slot.error())});
  return listener(*this, **slot);
}

void runtime::turn() {
  run_ready();
  if (main_scope_->live() == 0) return;
  take_events();
  expire_timers();
  run_retries();
  recycle_closed();
}

void runtime::run_ready() {
  std::size_t ran = 0;
  for (; ran < ready_per_turn && !ready_.empty(); ++ran) {
    budget_ = coop_budget;
    ready_.pop().handle.resume();
  }
  counters_.polls.add(ran);
}

[[gnu::always_inline]] inline void runtime::resume(operation& op) noexcept {
  op.node->waiting = nullptr;
  budget_ = coop_budget;
  op.handle.resume();
}

[[gnu::always_inline]] inline void runtime::attempt_receiver(socket_slot& slot) noexcept {
  operation& op = *slot.receiver;
  // Known by name where it is the usual one, so that it is inlined here.
  const bool succeeded =
      receive_awaiter::is(op) ? receive_awaiter::attempt_again(op) : op.kind->attempt(op);
  if (!succeeded) return;
  slot.receiver = nullptr;
  resume(op);
}

void runtime::attempt_sender(socket_slot& slot) noexcept {
  operation& op = *slot.sender;
  if (!op.kind->attempt(op)) return;
  slot.sender = nullptr;
  resume(op);
}

inline void runtime::dispatch(socket_slot& slot, std::uint32_t events) noexcept {
  // A slot that was closed earlier in this batch has neither receiver nor sender.
  // Bytes to read on a connection that has room to write: the usual event.
  if (events != (EPOLLIN | EPOLLOUT)) [[unlikely]]
    return dispatch_unusual(slot, events);
  slot.readable = true;
  slot.writable = true;
  if (slot.receiver != nullptr) attempt_receiver(slot);
  if (slot.sender != nullptr) [[unlikely]]
    attempt_sender(slot);
}

void runtime::take_events() {
  std::array<epoll_event, batch_events> events;
  const bool busy = !ready_.empty() || retries_ != nullptr;
  counters_.timers_armed.set(timers_.size());
  if (!busy) counters_.parks.add(1);
  const std::size_t count =
      busy ? sys::epoll_poll(epoll_.get(), events)
           : sys::epoll_wait_until(epoll_.get(), events, timers_.wake_time(window_));
  counters_.polls.add(count);
  const auto taken = std::span<const epoll_event>(events).first(count);
  if (registration_ == registration::once) [[likely]]
    dispatch_all<registration::once>(taken);
  else
    dispatch_all<registration::oneshot>(taken);
}

template <registration How>
[[gnu::always_inline]] inline void runtime::dispatch_all(
    std::span<const epoll_event> events) noexcept {
  for (const epoll_event& each : events) {
    if (each.data.ptr != nullptr) [[likely]] {
      auto& slot = *static_cast<socket_slot*>(each.data.ptr);
      if constexpr (How == registration::once)
        dispatch(slot, each.events);
      else
        dispatch_oneshot(slot, each.events);
      continue;
    }
    woken();
  }
}

// By request_stop(), or by calls that have ended.
void runtime::woken() noexcept {
  sys::drain_eventfd(wake_.get());
  // acquire: pairs with the release store in request_stop().
  if (stop_requested_.load(std::memory_order_acquire)) main_scope_->request_stop();
  take_finished_calls();
}

void runtime::call_finished(blocking_call& call) noexcept {
  if (finished_.push(call)) sys::signal_eventfd(wake_.get());
}

void runtime::take_finished_calls() noexcept {
  for (blocking_call* next = finished_.take_all(); next != nullptr;) {
    auto& call = static_cast<read_awaiter&>(*std::exchange(next, next->next));
    counters_.polls.add(1);
    budget_ = coop_budget;
    call.complete();
  }
}

std::expected<file, start_error> runtime::open_file(const std::string& path, file_access how) {
  auto opened = sys::open_file(path, how);
  if (!opened) return std::unexpected(std::move(opened.error()));
  return file(*this, pooled_file(std::move(*opened), how, file_mode_));
}

// What waited for the other direction, or waits in vain, is armed again.
void runtime::dispatch_oneshot(socket_slot& slot, std::uint32_t events) noexcept {
  slot.armed = false;
  dispatch_unusual(slot, events);
  if (slot.fd >= 0 && !slot.armed) arm(slot);
}

void runtime::arm(socket_slot& slot) noexcept {
  if (!slot.oneshot) return;
  std::uint32_t events = 0;
  if (slot.receiver != nullptr) events |= EPOLLIN | EPOLLRDHUP;
  if (slot.sender != nullptr) events |= EPOLLOUT;
  if (events == 0) return;
  sys::epoll_change(epoll_.get(), slot.fd, events | EPOLLONESHOT, &slot);
  slot.armed = true;
}

void runtime::dispatch_unusual(socket_slot& slot, std::uint32_t events) noexcept {
  constexpr std::uint32_t hang_up = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & hang_up) != 0) slot.hung_up = true;
  if ((events & (EPOLLIN | hang_up)) != 0) {
    slot.readable = true;
    if (slot.receiver != nullptr) attempt_receiver(slot);
  }
  if ((events & (EPOLLOUT | hang_up)) != 0) {
    slot.writable = true;
    if (slot.sender != nullptr) attempt_sender(slot);
  }
}

std::expected<socket_slot*, int> runtime::register_socket(int fd) {
  socket_slot& slot = slots_.take(fd);
  const bool oneshot = registration_ == registration::oneshot;
  const std::uint32_t events = oneshot ? std::uint32_t{EPOLLONESHOT} : registered_events;
  const int refused = sys::epoll_add(epoll_.get(), fd, events, &slot);
  if (refused != 0) {
    slots_.give_back(slot);
    sys::close(fd);
    return std::unexpected(refused);
  }
  slot.oneshot = oneshot;
  slot.writable = true;  // A fresh connection has room; its first edge would say no more.
  counters_.open_descriptors.add(1);
  return &slot;
}

void runtime::close_socket(socket_slot& slot) noexcept {
  for (operation* op : {slot.receiver, slot.sender})
    if (op != nullptr) cancel(*op->node);
  sys::close(std::exchange(slot.fd, -1));
  counters_.open_descriptors.subtract(1);
  if (slot.retry) return;  // Still in that list, which hands it on.
  slot.next = closed_;
  closed_ = &slot;
}

void runtime::retry_later(socket_slot& slot) noexcept {
  if (slot.retry) return;
  slot.retry = true;
  counters_.forced_yields.add(1);
  slot.next = retries_;
  retries_ = &slot;
}

void runtime::run_retries() noexcept {
  socket_slot* slot = std::exchange(retries_, nullptr);
  while (slot != nullptr) {
    socket_slot& current = *slot;
    slot = current.next;
    current.retry = false;
    if (current.fd < 0) {  // closed while it was queued here
      slots_.give_back(current);
      continue;
    }
    counters_.polls.add(1);
    if (current.receiver != nullptr) attempt_receiver(current);
    if (current.fd >= 0 && current.sender != nullptr && current.writable) attempt_sender(current);
  }
}

void runtime::expire_timers() noexcept {
  if (timers_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  // Bounded: tasks that go back to sleep on a past deadline must not keep the loop here.
  for (std::size_t armed = timers_.size(); armed > 0; --armed) {
    timer_node* const expired = timers_.take_expired(now);
    if (expired == nullptr) return;
    counters_.polls.add(1);
    resume(static_cast<sleep_awaiter&>(*expired));
  }
}

void runtime::recycle_closed() noexcept {
  while (closed_ != nullptr)
    slots_.give_back(*std::exchange(closed_, closed_->next));
}

const operation_kind sleep_awaiter::sleep_kind{.abandon = &sleep_awaiter::abandon,
                                               .attempt = nullptr};

bool sleep_awaiter::begin(task_node& sleeper) {
  if (sleeper.owner->stop_requested()) {
    cancelled_ = true;
    return false;
  }
  runtime_.timers().arm(*this, deadline_);  // May throw; then the task does not wait.
  node = &sleeper;
  sleeper.waiting = static_cast<operation*>(this);
  return true;
}

void sleep_awaiter::abandon(operation& op) noexcept {
  auto& sleeper = static_cast<sleep_awaiter&>(op);
  sleeper.runtime_.timers().cancel(sleeper);
  sleeper.cancelled_ = true;
}

}  // namespace tailrace::local
