// SPDX-License-Identifier: MIT
// Micro benchmarks in which threads that are not the runtime's spawn tasks. Shapes and sizes are
// those of Tokio's benches (spawn_many_remote_idle, spawn_many_remote_busy, remote_spawn). The
// timed loop is on the calling thread; the last task of a batch tells it to go on.
#pragma once

#include <barrier>
#include <chrono>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include "runtimes/base/atomic.hpp"
#include "runtimes/extensions.hpp"
#include "runtimes/scope.hpp"
#include "runtimes/task.hpp"
#include "workloads/micro/measured.hpp"

namespace tailrace::micro {

// A batch of tasks of which the last to end tells the waiting thread.
class countdown {
 public:
  void reset(std::size_t tasks) noexcept {
    left_.store(tasks, std::memory_order_relaxed);  // relaxed: published by the spawns that follow
  }
  void one_less() noexcept {
    // acq_rel: all tasks of the batch happened before the waiting thread goes on.
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_.release();
  }
  void wait() { done_.acquire(); }

 private:
  atomic<std::size_t> left_{0};
  std::binary_semaphore done_{0};
};

inline task<void> count_down(countdown& batch) {
  batch.one_less();
  co_return;
}

// A running runtime on a thread of its own, with a scope that takes tasks from outside.
template <class R>
class hosted {
 public:
  explicit hosted(R& runtime) : runtime_(runtime), thread_([this] { runtime_.run(host()); }) {
    running_.acquire();
  }
  ~hosted() {
    end_->set();
    thread_.join();
  }

  void spawn(task<void> child) { children_->spawn(std::move(child)); }
  // Outlives every task, also the one that tells that the batch is done.
  countdown& batch() noexcept { return batch_; }

 private:
  task<void> host() {
    typename R::event end(runtime_);
    scope<R> children(runtime_);
    end_ = &end;
    children_ = &children;
    running_.release();
    static_cast<void>(co_await end.wait());
    co_await children.join();
  }

  R& runtime_;
  countdown batch_;
  typename R::event* end_ = nullptr;  // both set before running_ is released
  scope<R>* children_ = nullptr;
  std::binary_semaphore running_{0};
  std::thread thread_;
};

template <class R>
void spawn_batches(hosted<R>& host, measured& run, std::size_t tasks) {
  while (run.batch(tasks)) {
    host.batch().reset(tasks);
    for (std::size_t i = 0; i < tasks; ++i)
      host.spawn(count_down(host.batch()));
    host.batch().wait();
  }
}

// 10,000 empty tasks spawned by a thread outside, the workers having nothing else to do. Per task.
template <class R>
void spawn_many_remote_idle(R& runtime, measured& run) {
  hosted<R> host(runtime);
  spawn_batches(host, run, tasks_up_to<R>(10'000));
}

template <class R>
task<void> stall_and_yield(R& runtime, atomic<bool>& enough) {
  // relaxed: a flag that is seen sooner or later.
  while (!enough.load(std::memory_order_relaxed)) {
    co_await runtime.yield();
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(10);
    while (std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
  }
}

// The same while two tasks a worker stall it for 10 us and yield, over and over. Per task.
template <class R>
void spawn_many_remote_busy(R& runtime, measured& run, unsigned workers) {
  atomic<bool> enough{false};
  hosted<R> host(runtime);
  for (unsigned i = 0; i < 2 * workers; ++i)
    host.spawn(stall_and_yield(runtime, enough));
  spawn_batches(host, run, tasks_up_to<R>(10'000));
  enough.store(true, std::memory_order_relaxed);  // relaxed: see stall_and_yield()
}

// 12,800 empty tasks, spawned in equal parts by so many threads outside at once. Per task.
template <class R>
void remote_spawn(R& runtime, measured& run, std::size_t threads) {
  const std::size_t each = tasks_up_to<R>(12'800) / threads;
  hosted<R> host(runtime);
  bool more = true;  // written before the barrier, read after it
  std::barrier<> begin(static_cast<std::ptrdiff_t>(threads) + 1);
  std::vector<std::thread> spawners;
  for (std::size_t i = 0; i < threads; ++i)
    spawners.emplace_back([&] {
      for (;;) {
        begin.arrive_and_wait();
        if (!more) return;
        for (std::size_t task = 0; task < each; ++task)
          host.spawn(count_down(host.batch()));
      }
    });
  while (run.batch(each * threads)) {
    host.batch().reset(each * threads);
    begin.arrive_and_wait();
    host.batch().wait();
  }
  more = false;
  begin.arrive_and_wait();
  for (std::thread& spawner : spawners)
    spawner.join();
}

}  // namespace tailrace::micro
