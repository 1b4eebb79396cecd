// SPDX-License-Identifier: MIT
#include "threads/runtime.hpp"

#include <sched.h>

#include <utility>

#include "base/check.hpp"
#include "base/sys.hpp"

namespace tailrace::threads {

bool yield_awaiter::await_ready() const noexcept {
  return ::sched_yield() == 0;  // never fails on Linux: sched_yield(2)
}

std::expected<listener, start_error> runtime::listen(const endpoint& where) {
  auto socket = sys::listen_on(where, true);
  if (!socket) return std::unexpected(std::move(socket.error()));
  return listener(registry_, socket->release());
}

void runtime::run(task<void> main) {
  scope<runtime> main_scope(*this);
  main_scope.spawn(std::move(main));  // leaves main_node_ for us: see start()
  task_node& node = *std::exchange(main_node_, nullptr);
  {
    const std::lock_guard lock(stop_mutex_);
    main_scope_ = &main_scope;
    if (stop_requested_) main_scope.request_stop();
  }
  std::byte buffer[blocking_task::buffer_bytes];
  blocking_task task;
  task.buffer = buffer;
  run_task(node, task);
  {
    const std::lock_guard lock(stop_mutex_);
    main_scope_ = nullptr;
  }
  main_scope.rethrow_first_failure();
}

void runtime::request_stop() noexcept {
  const std::lock_guard lock(stop_mutex_);
  stop_requested_ = true;
  if (main_scope_ != nullptr) main_scope_->request_stop();
}

scope<runtime>& runtime::scope_of(task_node& node) noexcept {
  return static_cast<scope<runtime>&>(*node.owner);
}

void runtime::start(task_node& node) {
  if (main_scope_ == nullptr) {  // Only run() spawns before it sets main_scope_.
    main_node_ = &node;
    return;
  }
  const int error = scope_of(node).idle_.threads_.start(attributes_, &thread_body, &node);
  if (error == 0) [[likely]]
    return;
  refused_threads_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a statistic
  blocking_task task;
  task.refusal = error;
  run_task(node, task);
}

// Here and in run(): the buffer's pages stay untouched until bytes arrive, since it is not
// initialised and this file is compiled without stack probes (CMakeLists.txt).
void* runtime::thread_body(void* argument) noexcept {
  std::byte buffer[blocking_task::buffer_bytes];
  task_node& node = *static_cast<task_node*>(argument);
  scope<runtime>& owner = scope_of(node);
  blocking_task task;
  task.buffer = buffer;
  owner.runtime_.run_task(node, task);  // node is gone afterwards, its scope is not
  owner.idle_.threads_.ended();
  return nullptr;
}

void runtime::run_task(task_node& node, blocking_task& task) {
  registry_.begin_task(node, task);
  node.handle.resume();
  registry_.end_task(task);
  // acquire: pairs with the release store in ~stack_lease. A lease outlived its task: a bug.
  TAILRACE_CHECK(!task.buffer_lent.load(std::memory_order_acquire));
}

}  // namespace tailrace::threads
