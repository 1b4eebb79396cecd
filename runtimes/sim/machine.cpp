// SPDX-License-Identifier: MIT
#include "runtimes/sim/machine.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "runtimes/sim/clock.hpp"
#include "runtimes/sim/stream.hpp"

namespace tailrace::sim {
namespace {

// Where virtual time begins: any fixed point, but not the clock's zero.
constexpr machine::time epoch{std::chrono::hours(1000)};

}  // namespace

machine::machine(const options& chosen)
    : options_(chosen), random_(chosen.seed), now_(chosen.external ? real_time() : epoch) {}

void machine::turn() {
  pass_stop_on();
  attempt_woken();
  expire_timers();
  if (ready_.empty()) std::swap(ready_, yielded_);
  if (!ready_.empty()) return run_batch();
  if (options_.external) return wait_for_others();
  pass_time();
}

// Everything that is ready now runs before anything that becomes ready meanwhile.
void machine::run_batch() {
  std::vector<runnable*> batch;
  for (ready_queue now = std::exchange(ready_, std::exchange(yielded_, {})); !now.empty();)
    batch.push_back(&now.pop());
  if (options_.shuffle)
    for (std::size_t i = batch.size(); i > 1; --i)
      std::swap(batch[i - 1], batch[random_.below(i)]);
  for (runnable* const item : batch) {
    if (steps_ == options_.stop_at_step) main_->request_stop();
    ++steps_;
    resume(item->handle);
  }
}

void machine::cancel(task_node& node) noexcept {
  const std::lock_guard lock(network_.mutex());
  loop::cancel(node);
}

bool machine::begin(socket_operation& op, task_node& task) {
  const std::lock_guard lock(network_.mutex());
  const bool late = chance(options_.faults.late_event);
  if (!late && op.attempt()) {
    op.leave();
    if (completes_inline()) return false;
    make_ready(task);  // Done; resumed later. Cancellation no longer reaches it.
    return true;
  }
  op.wait();
  op.sleep(task);
  if (late) network_.wake(&op);
  return true;
}

bool machine::completes_inline() noexcept {
  return within_budget() && (!options_.shuffle || random_.below(2) == 0);
}

void machine::attempt_woken() {
  const std::lock_guard lock(network_.mutex());
  for (socket_operation* const op : network_.take_woken()) {
    if (chance(options_.faults.late_event)) {
      network_.wake(op);
      continue;
    }
    if (!op->attempt()) continue;
    op->leave();  // It, or one tried before it, may have woken it again.
    unblock(*op->node);
  }
}

void machine::expire_timers() {
  if (options_.external) now_ = real_time();
  while (timer_node* const expired = timers_.take_expired(now_))
    unblock(*static_cast<single::sleep_awaiter&>(*expired).node);
}

// Everybody sleeps: on to the next deadline, or a little past it.
void machine::pass_time() {
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

void machine::wait_for_others() {
  std::unique_lock lock(network_.mutex());
  const auto poked = [this] { return network_.poked() || network_.has_woken(); };
  const time next = timers_.next_deadline();
  if (next == time::max())
    network_.changed().wait(lock, poked);
  else
    network_.changed().wait_until(lock, next, poked);
  network_.take_poke();
}

std::size_t machine::piece(std::size_t count, unsigned rate) noexcept {
  return count > 1 && chance(rate) ? 1 + random_.below(count) : count;
}

}  // namespace tailrace::sim
