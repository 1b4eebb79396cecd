// SPDX-License-Identifier: MIT
// tailrace-micro-bare: what the language and the C library alone cost. Each row floor_<benchmark>
// does that benchmark's work on bare coroutine handles, without a runtime: a lower bound, not a
// contestant.
#include <array>
#include <coroutine>
#include <cstdlib>
#include <exception>
#include <vector>

#include "workloads/micro/frames.hpp"
#include "workloads/micro/measured.hpp"
#include "workloads/micro/micro_main.hpp"

namespace tailrace::micro {
namespace {

// A coroutine that starts suspended; its frame is malloc's.
struct bare {
  struct promise_type {
    bare get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<> handle;
};

bare nothing() {
  co_return;
}

bare suspend_for_ever() {
  for (;;)
    co_await std::suspend_always();
}

// 10,000 coroutines in an array, each then resumed to its end and destroyed. Per coroutine.
void floor_spawn_many_local(measured& run) {
  constexpr std::size_t tasks = 10'000;
  std::vector<std::coroutine_handle<>> ring(tasks);
  while (run.batch(tasks)) {
    for (std::coroutine_handle<>& each : ring)
      each = nothing().handle;
    for (const std::coroutine_handle<> each : ring) {
      each.resume();
      each.destroy();
    }
  }
}

// 200 coroutines resumed in turn. Per resumption.
void floor_yield_many(measured& run) {
  constexpr std::size_t rounds = 1000;
  std::array<std::coroutine_handle<>, 200> ring;
  for (std::coroutine_handle<>& each : ring)
    each = suspend_for_ever().handle;
  while (run.batch(ring.size() * rounds)) {
    for (std::size_t i = 0; i < rounds; ++i)
      for (const std::coroutine_handle<> each : ring)
        each.resume();
  }
  for (const std::coroutine_handle<> each : ring)
    each.destroy();
}

// Two coroutines resumed in turn. Per resumption.
void floor_context_switch(measured& run) {
  constexpr std::size_t rounds = 1000;
  std::coroutine_handle<> one = suspend_for_ever().handle;
  std::coroutine_handle<> other = suspend_for_ever().handle;
  while (run.batch(2 * rounds)) {
    for (std::size_t i = 0; i < rounds; ++i) {
      benchmark::DoNotOptimize(one);
      one.resume();
      benchmark::DoNotOptimize(other);
      other.resume();
    }
  }
  one.destroy();
  other.destroy();
}

// A coroutine created, resumed to its end and destroyed. Per coroutine.
void floor_task_create(measured& run) {
  constexpr std::size_t coroutines = 1000;
  while (run.batch(coroutines)) {
    for (std::size_t i = 0; i < coroutines; ++i) {
      std::coroutine_handle<> handle = nothing().handle;
      benchmark::DoNotOptimize(handle);
      handle.resume();
      handle.destroy();
    }
  }
}

void floor_frame_allocation(measured& run) {
  allocate_and_release(run, &std::malloc, [](void* block, std::size_t) { std::free(block); });
}

micro_benchmark row(const char* name, void (*body)(measured&)) {
  return {name,
          [body](benchmark::State& state, unsigned) {
            measured run(state);
            body(run);
          },
          true};
}

}  // namespace
}  // namespace tailrace::micro

int main(int argc, char** argv) {
  using namespace tailrace::micro;
  return micro_main(argc, argv, "bare", {1},
                    {row("floor_spawn_many_local", &floor_spawn_many_local),
                     row("floor_yield_many", &floor_yield_many),
                     row("floor_context_switch", &floor_context_switch),
                     row("floor_frame_allocation", &floor_frame_allocation),
                     row("floor_task_create", &floor_task_create)});
}
