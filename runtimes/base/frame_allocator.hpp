// SPDX-License-Identifier: MIT
// Recycles coroutine frames: a free list per thread and size class (see rounded(), up to 1 KiB). A
// spawn after warm-up then costs a list pop instead of a malloc. Frames go back to the list of the
// thread that frees them; a list keeps at most kept_per_class frames, the rest returns to malloc,
// so that a burst of connections does not hold its memory for ever. Sanitizer builds bypass the
// lists, or a use after free would hide in them. Source of the idea: Asio's thread_info_base (2
// blocks a thread) and TooManyCooks' rounded frames; we keep more blocks because an accept burst
// frees thousands at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TAILRACE_RECYCLES_FRAMES false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TAILRACE_RECYCLES_FRAMES false
#endif
#endif
#ifndef TAILRACE_RECYCLES_FRAMES
#define TAILRACE_RECYCLES_FRAMES true
#endif

namespace tailrace {

// The free lists of one thread.
struct frame_lists {
  static constexpr std::size_t granularity = 16;
  static constexpr std::size_t largest = 1024;
  static constexpr std::uint32_t kept_per_class = 1024;

  struct block {
    block* next;
  };
  struct size_class {
    block* head;
    std::uint32_t count;
  };

  constexpr frame_lists() noexcept : classes{} {}
  ~frame_lists() {
    for (size_class& free : classes) {
      while (free.head != nullptr)
        ::operator delete(std::exchange(free.head, free.head->next));
      free.count = kept_per_class;  // A frame freed during thread exit goes straight to delete.
    }
  }

  std::array<size_class, largest / granularity + 1> classes;
};

class frame_allocator {
 public:
  static void* allocate(std::size_t size) {
    if (!recycles || size > frame_lists::largest) return ::operator new(size);
    frame_lists::size_class& free = lists_.classes[index_of(size)];
    if (free.head == nullptr) return ::operator new(rounded(size));
    frame_lists::block* const taken = free.head;
    free.head = taken->next;
    --free.count;
    return taken;
  }

  static void release(void* frame, std::size_t size) noexcept {
    if (!recycles || size > frame_lists::largest) return ::operator delete(frame);
    frame_lists::size_class& free = lists_.classes[index_of(size)];
    if (free.count == frame_lists::kept_per_class) return ::operator delete(frame);
    free.head = ::new (frame) frame_lists::block{free.head};
    ++free.count;
  }

 private:
  static constexpr bool recycles = TAILRACE_RECYCLES_FRAMES;

  // Sizes of the form 16 k + 8, which malloc hands out without slack: its chunks are multiples of
  // 16 bytes of which 8 are its own.
  static constexpr std::size_t index_of(std::size_t size) noexcept {
    return (size + 7) / frame_lists::granularity;
  }
  static constexpr std::size_t rounded(std::size_t size) noexcept {
    return index_of(size) * frame_lists::granularity + 8;
  }

  static inline thread_local constinit frame_lists lists_;
};

}  // namespace tailrace
