// SPDX-License-Identifier: MIT
// What a task of the work-stealing runtime sleeps in, kept in task_node::waiting:
//   null        nothing: it runs, or is queued
//   on_node     a timer or an event: who takes the mark away (set, expiry or cancel) wakes it
//   direction*  one direction of a descriptor: its readiness word decides
// Written by the task before it publishes itself, read by cancel(), which holds the mutex
// of the task's scope, so that the node lives.
//
// No cancel is lost: the sleeper stores `waiting`, then looks at its scope's stop flag; cancel sets
// the flag, then loads `waiting`; a sequentially consistent fence between each pair (Dekker).
//
// sharing::one_thread: sleeper, waker and cancel are one thread, and marks need neither fence nor
// read-modify-write. (With them a context switch takes 1.4 times as long, a timer 1.25 times.)
#pragma once

#include <atomic>

#include "runtimes/base/atomic.hpp"
#include "runtimes/base/readiness.hpp"
#include "runtimes/base/spinlock.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::steal {

class worker;

// A system call that a task waits to be able to make. Lives in the awaiter.
struct operation {
  // Owns the direction. True: complete, resume the task. False: the task sleeps again (or runs
  // elsewhere by now).
  bool (*attempt)(operation&, worker&, task_node&) noexcept;
};

struct direction {
  readiness<task_node> state;
  operation* op = nullptr;  // set by the waiting task before it publishes itself
};

inline int on_node_mark;
inline void* on_node() noexcept {
  return &on_node_mark;
}

inline std::atomic_ref<void*> waiting_of(task_node& node) noexcept {
  return std::atomic_ref<void*>(node.waiting);
}

// Between the store and the load of announce(), and of a cancel: see the head of this file.
inline void waiting_fence(sharing by) noexcept {
  // seq_cst: announce() and scheduler::cancel() are each other's partners.
  if (by != sharing::one_thread) atomic_fence(std::memory_order_seq_cst);
}

// The task announces where it is about to sleep. True: its scope was asked to stop; do not sleep.
inline bool announce(task_node& node, void* where, sharing by) noexcept {
  // release: a cancel that acquires it in claim_on_node() resumes node.handle, written before. The
  // fence orders it before the look at the flag.
  waiting_of(node).store(where, std::memory_order_release);
  waiting_fence(by);
  return node.owner->stop_requested();
}

inline void stop_waiting(task_node& node) noexcept {
  waiting_of(node).store(nullptr, std::memory_order_relaxed);  // relaxed: the task runs
}

// True: the caller has taken the mark away and must schedule the task.
inline bool claim_on_node(task_node& node, sharing by) noexcept {
  if (by == sharing::one_thread) {
    // relaxed: written by this thread.
    if (waiting_of(node).load(std::memory_order_relaxed) != on_node()) return false;
    stop_waiting(node);
    return true;
  }
  void* expected = on_node();
  // acq_rel: acquire pairs with the release store in announce().
  return waiting_of(node).compare_exchange_strong(expected, nullptr, std::memory_order_acq_rel,
                                                  std::memory_order_relaxed);
}

}  // namespace tailrace::steal
