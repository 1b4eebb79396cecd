// SPDX-License-Identifier: MIT
// A bounded run queue of one worker that others steal from: a ring of pointers, first in, first
// out at both ends, so that no task overtakes another for ever.
//
// One owner pushes and pops; any number of thieves steal, one at a time; nobody waits for anybody.
//   tail       next slot to fill; written by the owner alone
//   head       [ claimed : 32 | real : 32 ] in one word, written by owner and thieves
//     real     next item to leave the queue
//     claimed  first slot that a thief still copies from; equal to real if no thief is at work
//   claimed <= real <= tail <= claimed + Slots, all modulo 2^32: wider than the index of a slot, so
//   that a thief that slept between load and compare-exchange is not fooled.
// A thief advances real (the items are its own), copies, then lets claimed follow: only then may
// the owner fill those slots again.
//
// Owner: size, room, push, pop, pop_unshared, shed. A thief is the owner of the queue that it
// steals into. Any thread: looks_empty, size_hint. Cost: push has no atomic read-modify-write, pop
// one (pop_unshared none), a steal two for up to half the queue. No allocation; 8 bytes a slot.
// Source: Tokio's multi_thread/queue.rs, itself after Go's runtime/proc.go. Different here: the
// thief runs the oldest stolen item at once, not the newest. Checked, orders and all, by
// tests/model/stealing_queue_model.cpp.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/check.hpp"

namespace tailrace {

template <class T, std::uint32_t Slots = 256>
class alignas(64) stealing_queue {
  static_assert(std::has_single_bit(Slots) && Slots >= 2 && Slots <= 1U << 30U);

 public:
  static constexpr std::uint32_t slots = Slots;

  stealing_queue() noexcept : stealing_queue(0) {}
  // Positions count from `first`; tests start shortly before they wrap.
  explicit stealing_queue(std::uint32_t first) noexcept : head_(pack(first, first)), tail_(first) {}
  stealing_queue(const stealing_queue&) = delete;
  stealing_queue& operator=(const stealing_queue&) = delete;
  ~stealing_queue() { TAILRACE_DCHECK(size() == 0); }

  // Owner: items in the queue; thieves may make it less at any time.
  std::uint32_t size() const noexcept {
    // relaxed: only what the thief of an item published with it matters, and push() acquires that.
    return own_tail() - unpack(head_.load(std::memory_order_relaxed)).real;
  }

  // Owner: so many push() will succeed.
  std::uint32_t room() const noexcept {
    // relaxed: as in size(); a thief can only add room.
    return Slots - (own_tail() - unpack(head_.load(std::memory_order_relaxed)).claimed);
  }

  // Owner. False if there is no free slot; a thief at work may be about to free some.
  bool push(T& item) noexcept {
    // acquire: pairs with the release in finish_steal(): the thief has copied what was here.
    const position head = unpack(head_.load(std::memory_order_acquire));
    const std::uint32_t tail = own_tail();
    if (tail - head.claimed >= Slots) return false;
    slot(tail).set(&item);
    // release: pairs with the acquire in claim(): a thief that sees the tail sees the item.
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Owner: the oldest item, null if there is none.
  T* pop() noexcept {
    // relaxed: the slot was written by this thread, and the exchange below decides.
    std::uint64_t seen = head_.load(std::memory_order_relaxed);
    for (;;) {
      const position head = unpack(seen);
      if (head.real == own_tail()) return nullptr;
      const std::uint32_t next = head.real + 1;
      const std::uint64_t taken = pack(head.claimed == head.real ? next : head.claimed, next);
      // release: pairs with the acquire in claim(): who sees this head sees a tail not before it.
      // relaxed: see above.
      if (head_.compare_exchange_weak(seen, taken, std::memory_order_release,
                                      std::memory_order_relaxed))
        return slot(head.real).get();
    }
  }

  // Owner, while no other thread can steal from this queue (a runtime whose `sharing` is
  // one_thread): as pop(), without read-modify-write.
  T* pop_unshared() noexcept {
    // relaxed, here and below: there are no thieves; who lets them in later synchronises with them.
    const position head = unpack(head_.load(std::memory_order_relaxed));
    TAILRACE_DCHECK(head.claimed == head.real);
    if (head.real == own_tail()) return nullptr;
    head_.store(pack(head.real + 1, head.real + 1), std::memory_order_relaxed);
    return slot(head.real).get();
  }

  // Owner: where the queue is full and no thief is at work, gives the newer half of the items,
  // oldest first, to take(T&) and returns how many; else 0. The newer half, so that what has waited
  // longest stays next in line: the older would go to the back of another queue, again and again if
  // the owner fills up faster than that queue empties.
  template <class Sink>
  std::uint32_t shed(Sink&& take) {
    // relaxed: the exchange in draw_tail_back() decides.
    const std::uint64_t seen = head_.load(std::memory_order_relaxed);
    const position head = unpack(seen);
    if (head.claimed != head.real || own_tail() - head.real != Slots) return 0;
    const std::uint32_t first = head.real + Slots / 2;
    if (!draw_tail_back(seen, head.real)) return 0;
    for (std::uint32_t i = 0; i < Slots / 2; ++i)
      take(*slot(first + i).get());
    return Slots / 2;
  }

  // Thief, the owner of `into`: takes half of this queue's items, rounded up; the oldest is
  // returned, to be run at once, the rest is pushed to `into`. moved: all of them, the returned one
  // included; 0 with null. Null if there is nothing, if another thief is at work here, or if `into`
  // is over half full.
  T* steal_into(stealing_queue& into, std::uint32_t& moved) noexcept {
    moved = 0;
    // acquire: as in push(), for the slots of `into`.
    const position to = unpack(into.head_.load(std::memory_order_acquire));
    const std::uint32_t tail = into.own_tail();
    if (tail - to.claimed > Slots / 2) return nullptr;
    position from;
    const std::uint32_t count = claim(from);
    if (count == 0) return nullptr;
    T* const oldest = slot(from.real).get();
    for (std::uint32_t i = 1; i < count; ++i)
      into.slot(tail + i - 1).set(slot(from.real + i).get());
    finish_steal(from, count);
    // release: as in push().
    if (count > 1) into.tail_.store(tail + count - 1, std::memory_order_release);
    moved = count;
    return oldest;
  }

  // Any thread. What was pushed before a seq_cst fence that precedes this call's is seen, unless
  // taken since: a worker that looks after its fence in parking::enter() misses nothing.
  bool looks_empty() const noexcept { return size_hint() == 0; }

  // Any thread; at most Slots, right if nobody changes the queue meanwhile.
  std::uint32_t size_hint() const noexcept {
    // acquire: pairs with the release in pop(), finish_steal() and draw_tail_back(), so that the
    // tail seen is not older than the head.
    const position head = unpack(head_.load(std::memory_order_acquire));
    // relaxed: no slot is read.
    const std::uint32_t count = tail_.load(std::memory_order_relaxed) - head.real;
    return count <= Slots ? count : Slots;
  }

 private:
  struct position {
    std::uint32_t claimed;
    std::uint32_t real;
  };

  static constexpr std::uint64_t pack(std::uint32_t claimed, std::uint32_t real) noexcept {
    return std::uint64_t{claimed} << 32U | real;
  }
  static constexpr position unpack(std::uint64_t head) noexcept {
    return {static_cast<std::uint32_t>(head >> 32U), static_cast<std::uint32_t>(head)};
  }

  guarded<T*>& slot(std::uint32_t index) noexcept { return slots_[index % Slots]; }

  std::uint32_t own_tail() const noexcept {
    return tail_.load(std::memory_order_relaxed);  // relaxed: the owner alone writes it
  }

  // Thief: makes the older half this thread's own. Returns its size, 0 if there is nothing to be
  // had; `from` is the head before that.
  std::uint32_t claim(position& from) noexcept {
    // acquire: pairs with the release in pop(), finish_steal() and draw_tail_back(): the tail
    // loaded next is not older than this head.
    std::uint64_t seen = head_.load(std::memory_order_acquire);
    for (;;) {
      from = unpack(seen);
      if (from.claimed != from.real) return 0;
      // acquire: pairs with the release in push() and steal_into(): the items are seen.
      const std::uint32_t available = tail_.load(std::memory_order_acquire) - from.real;
      const std::uint32_t count = available - available / 2;
      if (count == 0) return 0;
      // acquire: for the failure alone, as above. The items came with the tail, and what this
      // thread does to them is released by finish_steal().
      if (head_.compare_exchange_weak(seen, pack(from.claimed, from.real + count),
                                      std::memory_order_acquire, std::memory_order_acquire)) {
        TAILRACE_CHECK_VALUES(count <= Slots / 2, count, from.real);
        return count;
      }
    }
  }

  void finish_steal(position from, std::uint32_t count) noexcept {
    std::uint64_t seen = pack(from.claimed, from.real + count);
    for (;;) {
      const std::uint32_t real = unpack(seen).real;  // the owner may have popped meanwhile
      // release: pairs with the acquire in push(): the slots have been read; and with claim().
      // relaxed: only compared.
      if (head_.compare_exchange_weak(seen, pack(real, real), std::memory_order_release,
                                      std::memory_order_relaxed))
        return;
    }
  }

  // Owner of a full queue: takes the newer half off its tail. False if a thief came first. The
  // owner poses as a thief meanwhile: one that saw the old tail could otherwise claim the older
  // half and, before the new tail is stored, another one the newer half. A thief that compares only
  // after it all is right too: half of the old size is what is left.
  bool draw_tail_back(std::uint64_t seen, std::uint32_t real) noexcept {
    // relaxed: only the word itself keeps thieves away; nothing is published yet.
    if (!head_.compare_exchange_strong(seen, pack(real, real + 1), std::memory_order_relaxed,
                                       std::memory_order_relaxed))
      return false;
    // relaxed: published by the store below.
    tail_.store(real + Slots / 2, std::memory_order_relaxed);
    // release: pairs with the acquire in claim(): who sees this head sees the new tail.
    head_.store(pack(real, real), std::memory_order_release);
    return true;
  }

  // One line for both: the owner writes both, thieves read both.
  atomic<std::uint64_t> head_;
  atomic<std::uint32_t> tail_;
  std::array<guarded<T*>, Slots> slots_;
};

}  // namespace tailrace
