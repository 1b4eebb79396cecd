// SPDX-License-Identifier: MIT
#include "runtimes/threads/blocking_task.hpp"

#include "runtimes/threads/shared_socket.hpp"

namespace tailrace::threads {

io_result blocking_task::sleep_until(std::chrono::steady_clock::time_point deadline) {
  if (refusal != 0) [[unlikely]]
    return io_result::of_error(refusal);
  std::unique_lock lock(mutex_);
  const bool stop_came = woken_.wait_until(lock, deadline, [this] { return stopped_; });
  return stop_came ? io_result::of_error(ECANCELED) : io_result();
}

void blocking_task::stop_sleeping() noexcept {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  woken_.notify_one();
  wake_reasons_.fetch_or(stopped, std::memory_order_relaxed);  // relaxed: publishes nothing
  wake_reasons_.notify_one();
}

void blocking_task::await_signal_or_stop() noexcept {
  // relaxed: await_signal() is what receives; a stop publishes nothing.
  while (wake_reasons_.load(std::memory_order_relaxed) == 0)
    wake_reasons_.wait(0, std::memory_order_relaxed);  // relaxed: as above
}

void blocking_task::await_signal() noexcept {
  std::uint32_t reasons = 0;
  // acquire: pairs with the release in signal().
  while (((reasons = wake_reasons_.load(std::memory_order_acquire)) & signalled) == 0)
    wake_reasons_.wait(reasons, std::memory_order_relaxed);  // relaxed: the load decides
  // relaxed: a stop may be added meanwhile, which nobody has to see here.
  wake_reasons_.fetch_and(~signalled, std::memory_order_relaxed);
}

void blocking_task::signal() noexcept {
  wake_reasons_.fetch_or(signalled, std::memory_order_release);  // release: see wake_reasons_
  wake_reasons_.notify_one();
}

void task_registry::begin_task(task_node& node, blocking_task& task) {
  const std::lock_guard lock(mutex_);
  node.waiting = &task;
  // A cancel() before this one found nothing; it had set the flag before it took our mutex.
  if (node.owner->stop_requested()) task.stop_sleeping();
}

void task_registry::end_task(blocking_task& task) {
  const std::lock_guard lock(mutex_);
  while (task.first != nullptr)
    unlink(*task.first);
}

void task_registry::cancel(task_node& node) noexcept {
  const std::lock_guard lock(mutex_);
  if (node.waiting == nullptr) return;
  blocking_task& task = blocking_task_of(node);
  task.stop_sleeping();
  for (registration* place = task.first; place != nullptr; place = place->next)
    place->socket->cancel(place->way);
}

void task_registry::enlist(registration& place, blocking_task& task, const task_node& node) {
  const std::lock_guard lock(mutex_);
  unlink(place);
  // relaxed: see registration::task.
  place.task.store(&task, std::memory_order_relaxed);
  place.next = task.first;
  if (place.next != nullptr) place.next->previous = &place;
  task.first = &place;
  // Either cancel() comes after us and finds the place, or we see the flag that it set before.
  if (node.owner->stop_requested()) place.socket->cancel(place.way);
}

void task_registry::delist(registration& place) noexcept {
  const std::lock_guard lock(mutex_);
  unlink(place);
}

void task_registry::unlink(registration& place) noexcept {
  // relaxed: under the mutex.
  blocking_task* const task = place.task.load(std::memory_order_relaxed);
  if (task == nullptr) return;
  (place.previous != nullptr ? place.previous->next : task->first) = place.next;
  if (place.next != nullptr) place.next->previous = place.previous;
  place.next = nullptr;
  place.previous = nullptr;
  place.task.store(nullptr, std::memory_order_relaxed);  // relaxed: see registration::task
  place.socket->forget_cancel(place.way);
}

}  // namespace tailrace::threads
