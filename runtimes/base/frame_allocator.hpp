// SPDX-License-Identifier: MIT
// Recycles coroutine frames: a free list per thread and size class (see rounded(), up to 1 KiB). A
// spawn after warm-up then costs a list pop instead of a malloc. Frames go back to the list of the
// thread that frees them. A full list gives a batch to the depot of its class, which all threads
// share, an empty one takes a batch from there: so a thread that spawns what another frees does not
// need malloc either, once the other's list is full.
//
// What a burst leaves behind is bounded: for each class 1024 frames a thread (kept_per_class) and
// 16,384 in the depot (256 batches of 64), whatever is more returns to malloc. A thread that ends
// gives whole batches to the depot, as far as there is room, and frees the rest.
//
// Any thread. Cost: a few instructions; a lock every 64 frames, and only where lists overflow or
// run dry. Sanitizer builds bypass the lists, or a use after free would hide in them. Source of the
// idea: Asio's thread_info_base (2 blocks a thread) and TooManyCooks' rounded frames; we keep more
// blocks because an accept burst frees thousands at once. The depot: see central_free_list.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "runtimes/base/central_free_list.hpp"

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

class frame_allocator;

// The free lists of one thread.
struct frame_lists {
  static constexpr std::size_t granularity = 16;
  static constexpr std::size_t largest = 1024;
  static constexpr std::uint32_t kept_per_class = 1024;

  struct size_class {
    free_frame* head;
    std::uint32_t count;  // 0 with no head, except after the thread's end: see ended()

    // The thread's lists are gone; frames that it frees or needs all the same are malloc's.
    bool ended() const noexcept { return head == nullptr && count == kept_per_class; }

    // Takes the frames that were freed last off the list. Requires that many.
    free_frame* cut_batch() noexcept {
      free_frame* const batch = head;
      free_frame* last = batch;
      for (std::uint32_t i = 1; i < central_free_list::batch_frames; ++i)
        last = last->next;
      head = std::exchange(last->next, nullptr);
      count -= central_free_list::batch_frames;
      return batch;
    }
  };

  constexpr frame_lists() noexcept : classes{} {}
  inline ~frame_lists();

  std::array<size_class, largest / granularity + 1> classes;
};

class frame_allocator {
 public:
  static void* allocate(std::size_t size) {
    if (!recycles || size > frame_lists::largest) return ::operator new(size);
    frame_lists::size_class& free = lists_.classes[index_of(size)];
    if (free.head == nullptr) return refill(size);
    free_frame* const taken = free.head;
    free.head = taken->next;
    --free.count;
    return taken;
  }

  static void release(void* frame, std::size_t size) noexcept {
    if (!recycles || size > frame_lists::largest) return ::operator delete(frame);
    frame_lists::size_class& free = lists_.classes[index_of(size)];
    if (free.count == frame_lists::kept_per_class) return spill(frame, size);
    free.head = ::new (frame) free_frame{free.head};
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

  // The list is empty.
  [[gnu::noinline, gnu::cold]] static void* refill(std::size_t size) {
    frame_lists::size_class& free = lists_.classes[index_of(size)];
    central_free_list& depot = depots_[index_of(size)];
    free_frame* const batch = depot.looks_empty() || free.ended() ? nullptr : depot.take();
    if (batch == nullptr) return ::operator new(rounded(size));
    free = {batch->next, central_free_list::batch_frames - 1};
    return batch;
  }

  // The list is full.
  [[gnu::noinline, gnu::cold]] static void spill(void* frame, std::size_t size) noexcept {
    frame_lists::size_class& free = lists_.classes[index_of(size)];
    central_free_list& depot = depots_[index_of(size)];
    if (depot.looks_full() || free.ended()) return ::operator delete(frame);
    give_or_delete(depot, free.cut_batch());
    free.head = ::new (frame) free_frame{free.head};
    ++free.count;
  }

  static void give_or_delete(central_free_list& depot, free_frame* batch) noexcept {
    if (!depot.give(batch)) delete_all(batch);
  }
  static void delete_all(free_frame* chain) noexcept {
    while (chain != nullptr)
      ::operator delete(std::exchange(chain, chain->next));
  }

  friend frame_lists;
  static inline constinit std::array<central_free_list,
                                     frame_lists::largest / frame_lists::granularity + 1>
      depots_{};
  static inline thread_local constinit frame_lists lists_;
};

inline frame_lists::~frame_lists() {
  for (std::size_t index = 0; index < classes.size(); ++index) {
    size_class& free = classes[index];
    while (free.count >= central_free_list::batch_frames)
      frame_allocator::give_or_delete(frame_allocator::depots_[index], free.cut_batch());
    frame_allocator::delete_all(free.head);
    free = {nullptr, kept_per_class};
  }
}

}  // namespace tailrace
