// SPDX-License-Identifier: MIT
// Counts the allocations of chosen threads: malloc and its kin are interposed. Included by one
// source file of an executable. Not for builds with a sanitizer: those bring an allocator of their
// own, which is not ours to interpose.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>

namespace tailrace::conformance {

inline thread_local bool counted_thread = false;
inline std::atomic<std::size_t> counted_allocations{0};

inline void count_allocations_of_this_thread() noexcept {
  counted_thread = true;
}

// Of all counted threads. Exact for what happened before something that the caller has seen.
inline std::size_t allocations_so_far() noexcept {
  // relaxed: what orders the allocation before this look is what the caller has seen, e.g. an echo.
  return counted_allocations.load(std::memory_order_relaxed);
}

// Not inlined: its atomic instruction would stand in functions that are judged for theirs.
[[maybe_unused, gnu::noinline]] inline void count_allocation() noexcept {
  // relaxed: see allocations_so_far().
  if (counted_thread) counted_allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace tailrace::conformance

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  tailrace::conformance::count_allocation();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  tailrace::conformance::count_allocation();
  return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  tailrace::conformance::count_allocation();
  return __libc_realloc(block, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  tailrace::conformance::count_allocation();
  return __libc_memalign(alignment, size);
}
}
