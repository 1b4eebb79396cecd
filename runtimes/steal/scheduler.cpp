// SPDX-License-Identifier: MIT
#include "runtimes/steal/scheduler.hpp"

#include "runtimes/base/check.hpp"

namespace tailrace::steal {
namespace {

constexpr std::uint32_t registered_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

}  // namespace

scheduler::scheduler(options chosen)
    : options_(std::move(chosen)),
      sharing_(options_.workers == 1 && !options_.foreign_threads ? sharing::one_thread
                                                                  : sharing::any_thread),
      sysmon_always_(options_.workers > 1 && (options_.reactor == reactor_mode::per_worker ||
                                              options_.lifo == lifo_mode::stealable)),
      parking_(options_.workers),
      slots_(sharing_),
      blocking_(options_.blocking_threads) {
  TAILRACE_CHECK_VALUES(options_.workers > 0, options_.workers, 1);
  const bool per_worker = options_.reactor == reactor_mode::per_worker;
  const std::uint32_t reactors = per_worker ? options_.workers : 1;
  for (std::uint32_t i = 0; i < reactors; ++i)
    reactors_.push_back(std::make_unique<reactor>());
  for (std::uint32_t i = 0; i < options_.workers; ++i)
    workers_.push_back(std::make_unique<worker>(*this, i, *reactors_[per_worker ? i : 0]));
  if (options_.stall_threshold.count() > 0)
    stalls_ = std::make_unique<stall_detector>(workers_, options_.stall_threshold);
}

scheduler::~scheduler() {
  std::ptrdiff_t lent = 0;
  for (const auto& each : workers_) {
    lent += each->buffers().forget_lent();
    TAILRACE_CHECK_VALUES(each->queued() == 0, each->queued(), 0);
    TAILRACE_CHECK_VALUES(each->timers().size() == 0, each->timers().size(), 0);
  }
  TAILRACE_CHECK_VALUES(lent == 0, lent, 0);  // else a lease outlives the runtime
  TAILRACE_CHECK_VALUES(shared_.size() == 0, shared_.size(), 0);
}

void scheduler::start_workers(scope_base& main) {
  main_scope_ = &main;
  try {
    for (std::uint32_t i = 1; i < options_.workers; ++i)
      threads_.emplace_back([this, i] { work(i); });
    if (stalls_) stalls_->start();
  } catch (...) {
    end_workers();
    join_workers();
    throw;
  }
}

void scheduler::work_until_ended() noexcept {
  work(0);
  join_workers();
  if (stalls_) stalls_->stop();
  main_scope_ = nullptr;
}

void scheduler::join_workers() noexcept {
  for (std::thread& each : threads_)
    each.join();
}

void scheduler::work(std::uint32_t index) noexcept {
  if (options_.on_worker_start) options_.on_worker_start(index);
  workers_[index]->run();
}

void scheduler::end_workers() noexcept {
  // release: pairs with the acquire in ended().
  ended_.store(true, std::memory_order_release);
  for (const auto& each : reactors_)
    each->wake();  // Each worker that leaves wakes the next.
}

void scheduler::request_stop() noexcept {
  // release: pairs with the acquire in on_wake_event().
  stop_requested_.store(true, std::memory_order_release);
  reactors_.front()->wake();
}

void scheduler::on_wake_event(worker& at, bool was_parked) noexcept {
  // acquire: pairs with the release in request_stop().
  if (stop_requested_.load(std::memory_order_acquire) &&
      !stop_passed_on_.exchange(true, std::memory_order_relaxed))  // relaxed: only once matters
    main_scope_->request_stop();
  // Meant for a sleeper, and this worker did not sleep: pass it on.
  if (!was_parked && parking_.has_token()) at.events().wake();
}

void scheduler::wake_sleeper() noexcept {
  if (reactors_.size() == 1) return reactors_.front()->wake();
  for (const auto& each : workers_)
    if (each->parked()) return each->events().wake();
  // Whoever has just left its sleep takes the token.
}

void scheduler::start(task_node& node) noexcept {
  worker* const here = worker::current();
  if (here != nullptr && &here->owner() == this) [[likely]] {
    here->counters().tasks.spawned.add(1);
    here->schedule_here(node);
  } else {
    spawned_outside_.add(1);
    schedule(node);
  }
}

void scheduler::task_ended(bool failed, bool stopped) noexcept {
  worker::current()->counters().tasks.ended(failed, stopped);
}

void scheduler::schedule(task_node& node) noexcept {
  worker* const here = worker::current();
  if (here != nullptr && &here->owner() == this) [[likely]]
    return here->schedule_here(node);
  remote_schedules_.add(1);
  shared_.push(node);
  if (parking_.claim_wake()) wake_sleeper();
}

void scheduler::cancel(task_node& node) noexcept {
  waiting_fence(sharing_);
  // acquire: pairs with announce(); the direction lives as long as the runtime.
  void* const where = waiting_of(node).load(std::memory_order_acquire);
  if (where == nullptr) return;
  const bool wakes = where == on_node() ? claim_on_node(node, sharing_)
                                        : static_cast<direction*>(where)->state.signal_only(node);
  if (wakes) schedule(node);
}

std::expected<socket_slot*, int> scheduler::register_socket(int fd) {
  socket_slot& slot = slots_.take(fd);
  std::size_t turn = 0;
  if (reactors_.size() > 1)  // relaxed: any order deals the connections out
    turn = next_reactor_.fetch_add(1, std::memory_order_relaxed) % reactors_.size();
  const int refused = reactors_[turn]->add(fd, registered_events, &slot);
  if (refused == 0) return &slot;
  slots_.take_back(slot);
  return std::unexpected(refused);
}

void scheduler::close_socket(socket_slot& slot) noexcept {
  for (direction* side : {&slot.receive, &slot.send}) {
    const auto closing = side->state.close();
    if (closing.before) return;
    if (closing.waiter != nullptr) schedule(*closing.waiter);
    if (!closing.owned) unref(slot);
  }
  unref(slot);
}

bool scheduler::armed_timers() const noexcept {
  for (const auto& each : workers_)
    if (each->timers().next_expiry() != worker::clock::time_point::max()) return true;
  return false;
}

}  // namespace tailrace::steal
