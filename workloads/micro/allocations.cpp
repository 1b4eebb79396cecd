// SPDX-License-Identifier: MIT
// See allocations.hpp. Each thread counts for itself; a list under a mutex finds the counters.
#include "workloads/micro/allocations.hpp"

#include <cstdlib>
#include <mutex>
#include <new>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/frame_allocator.hpp"

namespace tailrace::micro {
namespace {

struct thread_counter;

// Never destroyed: threads may end after static destruction has begun.
struct registry {
  std::mutex mutex;  // guards the rest
  thread_counter* first = nullptr;
  std::size_t of_ended_threads = 0;
};

registry& all() {
  alignas(registry) static unsigned char place[sizeof(registry)];
  static registry* const made = ::new (place) registry;
  return *made;
}

struct thread_counter {
  // Written by its thread alone, read by any. relaxed: who wants an exact number has synchronised
  // with the thread by other means.
  atomic<std::size_t> count{0};
  thread_counter* next = nullptr;
  thread_counter* previous = nullptr;

  thread_counter() {
    registry& counters = all();
    const std::lock_guard lock(counters.mutex);
    next = counters.first;
    if (next != nullptr) next->previous = this;
    counters.first = this;
  }
  ~thread_counter() {
    registry& counters = all();
    const std::lock_guard lock(counters.mutex);
    (previous != nullptr ? previous->next : counters.first) = next;
    if (next != nullptr) next->previous = previous;
    counters.of_ended_threads += count.load(std::memory_order_relaxed);  // relaxed: own thread
  }
};

[[maybe_unused]] void count_one() noexcept {
  static thread_local thread_counter own;
  // relaxed: one writer; see thread_counter::count.
  own.count.store(own.count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

const bool counts_allocations = TAILRACE_RECYCLES_FRAMES;

std::size_t allocations_so_far() {
  registry& counters = all();
  const std::lock_guard lock(counters.mutex);
  std::size_t sum = counters.of_ended_threads;
  for (thread_counter* each = counters.first; each != nullptr; each = each->next)
    sum += each->count.load(std::memory_order_relaxed);  // relaxed: see thread_counter::count
  return sum;
}

}  // namespace tailrace::micro

#if TAILRACE_RECYCLES_FRAMES
// The array and nothrow forms of the standard library call these two.
void* operator new(std::size_t size) {
  tailrace::micro::count_one();
  if (void* const block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}

// Boost.Asio's handlers get their memory here.
extern "C" {
void* __libc_memalign(std::size_t alignment, std::size_t size);
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  tailrace::micro::count_one();
  return __libc_memalign(alignment, size);
}
}
#endif
