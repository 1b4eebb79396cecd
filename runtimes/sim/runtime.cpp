// SPDX-License-Identifier: MIT
#include "runtimes/sim/runtime.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "runtimes/sim/clock.hpp"

namespace tailrace::sim {
namespace {

constexpr int inline_budget = 128;  // operations a task may complete in a row, as the others'
// Where virtual time begins: any fixed point, but not the clock's zero.
constexpr runtime::time epoch{std::chrono::hours(1000)};

thread_local runtime* inside = nullptr;

}  // namespace

runtime* runtime::current() noexcept {
  return inside;
}

runtime::runtime(const options& chosen)
    : options_(chosen), random_(chosen.seed), now_(chosen.external ? real_time() : epoch) {}

runtime::~runtime() {
  TAILRACE_CHECK_VALUES(ready_.empty(), ready_.size(), options_.seed);
  TAILRACE_CHECK_VALUES(timers_.empty(), timers_.size(), options_.seed);
}

void runtime::run(task<void> main) {
  runtime* const outer = std::exchange(inside, options_.external ? inside : this);
  scope<runtime> main_scope(*this);
  main_scope_ = &main_scope;
  main_scope.spawn(std::move(main));
  while (main_scope.live() != 0)
    turn();
  main_scope_ = nullptr;
  inside = outer;
  main_scope.rethrow_first_failure();
}

void runtime::request_stop() noexcept {
  const std::lock_guard lock(network_.mutex());
  stop_requested_.store(true, std::memory_order_relaxed);  // relaxed: the mutex orders it
  network_.poke();
}

void runtime::turn() {
  // relaxed: only a hint; the wait for other threads looks at it under the mutex.
  if (stop_requested_.load(std::memory_order_relaxed)) main_scope_->request_stop();
  attempt_woken();
  expire_timers();
  if (ready_.empty()) std::swap(ready_, yielded_);
  if (!ready_.empty()) return run_batch();
  if (options_.external) return wait_for_others();
  pass_time();
}

// Everything that is ready now runs before anything that becomes ready meanwhile.
void runtime::run_batch() {
  std::vector<runnable*> batch = std::exchange(ready_, std::exchange(yielded_, {}));
  if (options_.shuffle)
    for (std::size_t i = batch.size(); i > 1; --i)
      std::swap(batch[i - 1], batch[random_.below(i)]);
  for (runnable* const item : batch)
    resume(*item);
}

void runtime::resume(runnable& item) {
  if (steps_ == options_.stop_at_step) main_scope_->request_stop();
  ++steps_;
  budget_ = inline_budget;
  item.handle.resume();
}

void runtime::cancel(task_node& node) noexcept {
  if (node.waiting == nullptr) return;
  operation& op = *static_cast<operation*>(std::exchange(node.waiting, nullptr));
  const std::lock_guard lock(network_.mutex());
  network_.forget(op);
  op.abandon();
  ready_.push_back(&op);
}

bool runtime::begin(operation& op, task_node& node, bool& cancelled) {
  op.node = &node;
  cancelled = node.owner->stop_requested();
  if (cancelled) return false;
  const std::lock_guard lock(network_.mutex());
  const bool late = chance(options_.faults.late_event);
  if (!late && op.attempt()) {
    network_.forget(op);
    if (completes_inline()) return false;
    ready_.push_back(&op);  // Done; resumed later. Cancellation no longer reaches it.
    return true;
  }
  op.wait();
  node.waiting = &op;
  if (late) network_.wake(&op);
  return true;
}

bool runtime::begin_sleep(operation& op, task_node& node, bool& cancelled) {
  cancelled = node.owner->stop_requested();
  if (cancelled) return false;
  op.node = &node;
  op.wait();
  node.waiting = &op;
  return true;
}

bool runtime::completes_inline() noexcept {
  return --budget_ > 0 && (!options_.shuffle || random_.below(2) == 0);
}

void runtime::attempt_woken() {
  const std::lock_guard lock(network_.mutex());
  std::vector<operation*> woken = network_.take_woken();
  for (operation* const op : woken) {
    if (chance(options_.faults.late_event)) {
      network_.wake(op);
      continue;
    }
    if (!op->attempt()) continue;
    network_.forget(*op);  // It, or one tried before it, may have woken it again.
    op->node->waiting = nullptr;
    ready_.push_back(op);
  }
}

void runtime::expire_timers() {
  if (options_.external) now_ = real_time();
  while (timer_node* const expired = timers_.take_expired(now_)) {
    auto& sleeper = static_cast<sleep_awaiter&>(*expired);
    sleeper.node->waiting = nullptr;
    ready_.push_back(&sleeper);
  }
}

// Everybody sleeps: on to the next deadline, or a little past it.
void runtime::pass_time() {
  const time next = timers_.next_deadline();
  {
    const std::lock_guard lock(network_.mutex());
    if (network_.take_poke() || network_.has_woken()) return;
  }
  if (next == time::max()) {
    std::fprintf(stderr, "tailrace: sim: every task waits for ever (seed %llu, step %llu)\n",
                 static_cast<unsigned long long>(options_.seed),
                 static_cast<unsigned long long>(steps_));
    std::abort();
  }
  now_ = std::max(now_, next);
  if (chance(options_.faults.late_timer)) now_ += std::chrono::microseconds(random_.below(50'000));
}

void runtime::wait_for_others() {
  std::unique_lock lock(network_.mutex());
  const auto poked = [this] { return network_.poked() || network_.has_woken(); };
  const time next = timers_.next_deadline();
  if (next == time::max())
    network_.changed().wait(lock, poked);
  else
    network_.changed().wait_until(lock, next, poked);
  network_.take_poke();
}

std::size_t runtime::piece(std::size_t count, unsigned rate) noexcept {
  return count > 1 && chance(rate) ? 1 + random_.below(count) : count;
}

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  const auto refused = [&](int error, const char* why) {
    std::string message = "sim: listen on " + where.host + ":" + std::to_string(where.port) + why;
    return std::unexpected(start_error{error, std::move(message)});
  };
  if (where.host.find_first_not_of("0123456789.") != std::string::npos)
    return refused(EINVAL, ": not an IPv4 address such as 127.0.0.1");
  if (!where.host.starts_with("127.") && where.host != "0.0.0.0")
    return refused(EADDRNOTAVAIL, ": the simulated machine has 127.0.0.0/8 only");
  const std::lock_guard lock(network_.mutex());
  const auto port = network_.listen(where.port);
  if (!port) return refused(port.error(), ": in use; choose another, or 0 for any");
  return listener(*this, *port);
}

std::expected<stream, int> runtime::connect(std::uint16_t port) {
  const std::lock_guard lock(network_.mutex());
  auto connected = network_.connect(port);
  if (!connected) return std::unexpected(connected.error());
  return stream(*this, std::move(*connected));
}

void runtime::close(const socket& of) noexcept {
  for (operation* const op : {of.in().receiver, of.out().sender})
    if (op != nullptr) cancel(*op->node);
  const std::lock_guard lock(network_.mutex());
  network_.close(of);
}

}  // namespace tailrace::sim
