// SPDX-License-Identifier: MIT
#include "runtimes/base/finished_calls.hpp"

namespace tailrace {

bool finished_calls::push(blocking_call& call) noexcept {
  // relaxed: only compared, and written to the call, which nobody else reads before it is pushed.
  blocking_call* before = newest_.load(std::memory_order_relaxed);
  do {
    call.next = before;
    // release: pairs with the acquire in take_all().
  } while (!newest_.compare_exchange_weak(before, &call, std::memory_order_release,
                                          std::memory_order_relaxed));
  return before == nullptr;
}

blocking_call* finished_calls::take_all() noexcept {
  // acquire: pairs with the release of every push() whose call is taken here (a release sequence:
  // each push is a read-modify-write of what the one before stored).
  blocking_call* newest = newest_.exchange(nullptr, std::memory_order_acquire);
  blocking_call* oldest = nullptr;
  while (newest != nullptr) {
    blocking_call* const older = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = older;
  }
  return oldest;
}

}  // namespace tailrace
