// SPDX-License-Identifier: MIT
// Blocking calls (blocking_pool.hpp) that have ended, on their way back to the one thread of a
// runtime. Threads of the pool push; the owner takes all at once. A stack that is only ever taken
// whole, so that no pop can meet a node that came back (no ABA); take_all() turns it round.
//
// push(): any thread. take_all(): the owner. Cost: a compare-and-swap; an exchange and a walk.
#pragma once

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/blocking_pool.hpp"

namespace tailrace {

class finished_calls {
 public:
  // True: nothing waited to be taken, so the owner has to be woken. The call may be gone on return.
  bool push(blocking_call& call) noexcept;
  // Linked by `next` in the order in which they were pushed; null: none.
  blocking_call* take_all() noexcept;

 private:
  // release by push(): what the call wrote is seen by the owner, who acquires it in take_all().
  atomic<blocking_call*> newest_{nullptr};
};

}  // namespace tailrace
