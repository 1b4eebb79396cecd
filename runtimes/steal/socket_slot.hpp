// SPDX-License-Identifier: MIT
// What epoll's user data points to: one registered descriptor. Registered once, edge-triggered, for
// both directions. Slots are recycled but never freed while the runtime lives, so that a stale
// event or a late cancel finds a slot, if perhaps another connection's: it then reports readiness
// that is not there, which costs that connection one call that would block.
//
// Threads: the directions as base/readiness.hpp says; the rest where noted.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "runtimes/base/single_writer_counter.hpp"
#include "runtimes/base/spinlock.hpp"
#include "runtimes/base/sys.hpp"
#include "runtimes/steal/waiting.hpp"

namespace tailrace::steal {

struct socket_slot {
  direction receive;  // also accept, on a listener
  direction send;
  int fd = -1;
  // Reference count of the descriptor: one of its owner, until that closes it, and one of each
  // direction, until no call is under way there. release by each unref(), acquire by the last.
  atomic<std::uint8_t> fd_references{0};
  // Reference count of the slot: one of the descriptor, and one of the stream until that is
  // destroyed, so that an operation which begins on a closed stream finds it closed. Orders as
  // above.
  atomic<std::uint8_t> references{0};
  // An event said RDHUP, HUP or ERR: a short receive proves nothing any more. relaxed: published by
  // the readiness word.
  atomic<bool> hung_up{false};
  socket_slot* next_free = nullptr;

  std::uint16_t port() const noexcept { return sys::local_port(fd); }

  void open(int descriptor) noexcept {
    fd = descriptor;
    // relaxed: no other thread refers to the slot, except by stale events (see above).
    fd_references.store(3, std::memory_order_relaxed);
    references.store(2, std::memory_order_relaxed);
    hung_up.store(false, std::memory_order_relaxed);
    receive.state.open(false);
    send.state.open(true);  // A fresh connection has room; its first edge would say no more.
  }
};

// Any thread.
class slot_pool {
 public:
  explicit slot_pool(sharing shared_by) noexcept : lock_(shared_by) {}
  slot_pool(const slot_pool&) = delete;
  slot_pool& operator=(const slot_pool&) = delete;
  ~slot_pool() {
    for (socket_slot* chunk : chunks_)
      delete[] chunk;
  }

  socket_slot& take(int fd) {
    const std::lock_guard guard(lock_);
    if (free_ == nullptr) grow();
    socket_slot& slot = *free_;
    free_ = slot.next_free;
    slot.open(fd);
    open_.add(1);
    return slot;
  }

  // A slot just taken, before its descriptor was registered: closes it.
  void take_back(socket_slot& slot) noexcept {
    sys::close(slot.fd);
    const std::lock_guard guard(lock_);
    open_.subtract(1);
    link(slot);
  }

  // Drops a reference to the descriptor; the last closes it.
  void unref(socket_slot& slot) noexcept {
    if (last(slot.fd_references)) close(slot);
  }

  // Drops a reference to the slot.
  void release(socket_slot& slot) noexcept {
    if (!last(slot.references)) return;
    const std::lock_guard guard(lock_);
    link(slot);
  }

  // Descriptors not closed yet. A statistic.
  std::uint64_t open_descriptors() const noexcept { return open_.get(); }

 private:
  static constexpr std::size_t chunk_slots = 128;

  // Apart, so that the path of every message stays small enough to be inlined.
  [[gnu::noinline]] void close(socket_slot& slot) noexcept {
    sys::close(slot.fd);
    {
      const std::lock_guard guard(lock_);
      open_.subtract(1);
    }
    release(slot);
  }

  static bool last(atomic<std::uint8_t>& references) noexcept {
    return references.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  void link(socket_slot& slot) noexcept {
    slot.next_free = free_;
    free_ = &slot;
  }

  void grow() {
    chunks_.reserve(chunks_.size() + 1);
    auto* const chunk = new socket_slot[chunk_slots];
    chunks_.push_back(chunk);
    for (std::size_t i = chunk_slots; i-- > 0;)
      link(chunk[i]);
  }

  spinlock lock_;
  std::vector<socket_slot*> chunks_;
  socket_slot* free_ = nullptr;
  single_writer_counter open_;  // written under the lock
};

}  // namespace tailrace::steal
