// SPDX-License-Identifier: MIT
#include "runtimes/threads/runtime.hpp"

#include <sched.h>

#include <utility>

#include "runtimes/base/check.hpp"
#include "runtimes/base/sys.hpp"

namespace tailrace::threads {

bool yield_awaiter::await_ready() const noexcept {
  return ::sched_yield() == 0;  // never fails on Linux: sched_yield(2)
}

template <bool Pooled>
std::expected<listener, start_error> basic_runtime<Pooled>::listen(const endpoint& where) {
  auto socket = sys::listen_on(where, true);
  if (!socket) return std::unexpected(std::move(socket.error()));
  return listener(registry_, socket->release());
}

template <bool Pooled>
void basic_runtime<Pooled>::run(task<void> main) {
  scope<basic_runtime> main_scope(*this);
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
  if constexpr (Pooled) pool_.end();
  {
    const std::lock_guard lock(stop_mutex_);
    main_scope_ = nullptr;
  }
  main_scope.rethrow_first_failure();
}

template <bool Pooled>
void basic_runtime<Pooled>::request_stop() noexcept {
  const std::lock_guard lock(stop_mutex_);
  stop_requested_ = true;
  if (main_scope_ != nullptr) main_scope_->request_stop();
}

template <bool Pooled>
auto basic_runtime<Pooled>::scope_of(task_node& node) noexcept -> scope<basic_runtime>& {
  return static_cast<scope<basic_runtime>&>(*node.owner);
}

template <bool Pooled>
void basic_runtime<Pooled>::start(task_node& node) {
  counters_.tasks.spawned.add(1);
  if (main_scope_ == nullptr) {  // Only run() spawns before it sets main_scope_.
    main_node_ = &node;
    return;
  }
  const int error = find_thread(node);
  if (error == 0) [[likely]]
    return;
  counters_.refused.add(1);
  blocking_task task;
  task.refusal = error;
  run_task(node, task);
}

template <bool Pooled>
int basic_runtime<Pooled>::find_thread(task_node& node) {
  if constexpr (Pooled) return pool_.submit(node, attributes_, {&pool_thread_body, this});
  counters_.alive.add(1);  // before the thread can end
  const int error = scope_of(node).idle().threads().start(attributes_, &thread_body, &node);
  if (error != 0) [[unlikely]]
    counters_.alive.subtract(1);
  return error;
}

template <bool Pooled>
runtime_metrics basic_runtime<Pooled>::metrics() const {
  runtime_metrics metrics;
  counters_.tasks.append_to(metrics.whole);
  metrics.whole.push_back({"threads_alive", Pooled ? pool_.threads() : counters_.alive.get()});
  metrics.whole.push_back({"refused_threads", counters_.refused.get()});
  if constexpr (Pooled) metrics.whole.push_back({"inject_depth", pool_.waiting()});
  return metrics;
}

// Here and in run(): the buffer's pages stay untouched until bytes arrive, since it is not
// initialised and this file is compiled without stack probes (CMakeLists.txt).
template <bool Pooled>
void* basic_runtime<Pooled>::thread_body(void* argument) noexcept {
  std::byte buffer[blocking_task::buffer_bytes];
  task_node& node = *static_cast<task_node*>(argument);
  scope<basic_runtime>& owner = scope_of(node);
  blocking_task task;
  task.buffer = buffer;
  basic_runtime& self = owner.owner();
  self.run_task(node, task);  // node is gone afterwards, its scope is not
  self.counters_.alive.subtract(1);
  owner.idle().threads().ended();
  return nullptr;
}

template <bool Pooled>
void* basic_runtime<Pooled>::pool_thread_body(void* argument) noexcept {
  std::byte buffer[blocking_task::buffer_bytes];
  basic_runtime& self = *static_cast<basic_runtime*>(argument);
  while (task_node* const node = self.pool_.next()) {
    blocking_task task;
    task.buffer = buffer;
    self.run_task(*node, task);
    self.pool_.done();
  }
  self.pool_.leave();
  return nullptr;
}

template <bool Pooled>
void basic_runtime<Pooled>::run_task(task_node& node, blocking_task& task) {
  registry_.begin_task(node, task);
  node.handle.resume();
  registry_.end_task(task);
  // acquire: pairs with the release store in ~stack_lease. A lease outlived its task: a bug.
  TAILRACE_CHECK(!task.buffer_lent.load(std::memory_order_acquire));
}

template class basic_runtime<false>;
template class basic_runtime<true>;

}  // namespace tailrace::threads
