// SPDX-License-Identifier: MIT
// A library for LD_PRELOAD that counts what a program asks of the C library's allocator, operator
// new included, which asks malloc. Passes everything on to it unchanged. Freeing is not counted.
// Any thread; before its constructor has run, and without the environment variable, it counts
// nothing.
#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "harness/cost/allocation_record.hpp"

// The names under which the GNU C library keeps its own allocator reachable.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

using tailrace::cost::allocation_record;

// Written once, by the constructor, before the program has threads.
allocation_record* record = nullptr;

void* counted(void* memory, std::size_t bytes) noexcept {
  if (memory != nullptr && record != nullptr) {
    // relaxed: see allocation_record.hpp.
    record->calls.fetch_add(1, std::memory_order_relaxed);
    record->bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
  return memory;
}

[[gnu::constructor]] void find_record() noexcept {
  const char* const text = std::getenv(tailrace::cost::allocation_variable);
  if (text == nullptr) return;
  void* const memory = ::mmap(nullptr, sizeof(allocation_record), PROT_READ | PROT_WRITE,
                              MAP_SHARED, std::atoi(text), 0);
  if (memory == MAP_FAILED) return;
  record = static_cast<allocation_record*>(memory);
  record->processes.fetch_add(1, std::memory_order_relaxed);  // relaxed: a tally
}

}  // namespace

extern "C" {

void* malloc(std::size_t bytes) noexcept {
  return counted(__libc_malloc(bytes), bytes);
}

void* calloc(std::size_t count, std::size_t bytes) noexcept {
  return counted(__libc_calloc(count, bytes), count * bytes);
}

void* realloc(void* memory, std::size_t bytes) noexcept {
  return counted(__libc_realloc(memory, bytes), bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  return counted(__libc_memalign(alignment, bytes), bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  return counted(__libc_memalign(alignment, bytes), bytes);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t bytes) noexcept {
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) {
    return EINVAL;
  }
  void* const memory = counted(__libc_memalign(alignment, bytes), bytes);
  if (memory == nullptr) return ENOMEM;
  *result = memory;
  return 0;
}

}  // extern "C"
