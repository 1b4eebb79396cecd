// SPDX-License-Identifier: MIT
// The sockets of a loop with one thread, in slots at stable addresses, which are recycled last in,
// first out. Slot has `fd` (below 0 once closed), `next`, and `listed`: it is in a list, and who
// takes it off that list frees it if it is closed by then.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace tailrace::single {

template <class Slot>
class slot_pool {
 public:
  slot_pool() = default;
  slot_pool(const slot_pool&) = delete;
  slot_pool& operator=(const slot_pool&) = delete;

  Slot& take(int fd) {
    if (free_ == nullptr) grow();
    Slot& slot = *std::exchange(free_, free_->next);
    slot = Slot{};
    slot.fd = fd;
    return slot;
  }

  void give_back(Slot& slot) noexcept {
    slot.next = free_;
    free_ = &slot;
  }

  // Of a closed slot: events of this batch may still name it, so it is free at the end of the turn.
  void retire(Slot& slot) noexcept {
    if (slot.listed) return;
    slot.next = retired_;
    retired_ = &slot;
  }
  void recycle_retired() noexcept {
    while (retired_ != nullptr)
      give_back(*std::exchange(retired_, retired_->next));
  }

  // To be tried again in the next turn although no event will come. False: it is listed already.
  bool retry_later(Slot& slot) noexcept {
    if (slot.listed) return false;
    slot.listed = true;
    slot.next = retries_;
    retries_ = &slot;
    return true;
  }
  bool has_retries() const noexcept { return retries_ != nullptr; }
  template <class Try>
  void run_retries(Try try_again) noexcept {
    for (Slot* each = std::exchange(retries_, nullptr); each != nullptr;) {
      Slot& slot = *std::exchange(each, each->next);
      if (is_open(slot)) try_again(slot);
    }
  }

  // Of a slot that was taken off a list; one that was closed meanwhile is free now.
  bool is_open(Slot& slot) noexcept {
    slot.listed = false;
    if (slot.fd >= 0) return true;
    give_back(slot);
    return false;
  }

 private:
  static constexpr std::size_t chunk_slots = 128;

  void grow() {
    chunks_.push_back(std::make_unique<Slot[]>(chunk_slots));
    for (std::size_t i = chunk_slots; i-- > 0;)
      give_back(chunks_.back()[i]);
  }

  std::vector<std::unique_ptr<Slot[]>> chunks_;
  Slot* free_ = nullptr;
  Slot* retired_ = nullptr;
  Slot* retries_ = nullptr;
};

}  // namespace tailrace::single
