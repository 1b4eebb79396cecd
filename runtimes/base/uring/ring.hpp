// SPDX-License-Identifier: MIT
// One io_uring: owns it, obtained by a ladder of set-up flags, and the three acts of a loop around
// it: queue entries, submit and wait, take completions. Not a scheduler; knows no operation.
//
// Thread: one, from enable() on (IORING_SETUP_SINGLE_ISSUER); open() may be called on another, and
// so may the destructor once that thread uses it no more.
// Cost: entry() some ten instructions; submit_and_wait() one system call; a completion, a few.
//
// Neither set-up nor submission goes through io_uring_queue_init() and io_uring_submit(): the
// indirection array is filled once, when the ring is opened, and io_uring_enter(2) is called here
// with the flags that liburing 2.3 cannot pass (min-wait, no-iowait). So a ring without that array
// (NO_SQARRAY) works with 2.3 too, which would write to it all the same. Whoever uses native() may
// prepare entries and register things with it, but must not call io_uring_get_sqe(),
// io_uring_submit*() or io_uring_wait*() on it. Sources: liburing's queue.c; the ladder of flags:
// liburing examples/proxy.c and io_uring_setup(2).
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "runtimes/base/check.hpp"
#include "runtimes/base/uring/kernel_values.hpp"
#include "runtimes/base/uring/refusal.hpp"

namespace tailrace::uring {

// When the kernel runs the second half of an operation. defer: only inside submit_and_wait()
// (DEFER_TASKRUN, Linux 6.1); coop: at the next system call (COOP_TASKRUN, 5.19); none: it
// interrupts the thread.
enum class taskrun : std::uint8_t { none, coop, defer };

struct ring_wishes {
  std::uint32_t entries = 256;      // of the submission ring
  std::uint32_t cq_entries = 4096;  // of the completion ring, at least `entries`; 0: twice those
  taskrun completions = taskrun::defer;
  bool sqpoll = false;  // a kernel thread submits; with it completions cannot be deferred
  std::uint32_t sqpoll_idle_ms = 50;
  bool registered_fd = true;  // saves a descriptor look-up a call (Linux 5.18)
  bool no_sqarray = true;     // saves an indirection an entry (Linux 6.6)
  bool no_iowait = true;      // an idle ring does not read as iowait (Linux 6.15)
};

class ring {
 public:
  using time = std::chrono::steady_clock::time_point;

  // Disabled as yet. Tries all wishes at once, then without those that an older kernel does not
  // know, one after the other. Refused only where no rung is left.
  static std::expected<ring, refusal> open(const ring_wishes& wishes);
  ring(ring&& other) noexcept;
  ring& operator=(ring&& other) noexcept;
  ~ring();

  // Once, on the thread that will use the ring, before anything is submitted. 0 or an errno value.
  [[nodiscard]] int enable() noexcept;

  // The names of what was obtained, such as "defer_taskrun", and of the wishes that were not.
  const std::vector<std::string>& granted() const noexcept { return granted_; }
  const std::vector<std::string>& missing() const noexcept { return missing_; }
  bool has(std::string_view granted_name) const noexcept;

  // A cleared entry to prepare; it goes out with the next submission. Where the ring is full, what
  // is queued is submitted first.
  io_uring_sqe& entry() noexcept {
    if (queued() == ring_.sq.ring_entries) [[unlikely]]
      make_room();
    io_uring_sqe& taken = ring_.sq.sqes[ring_.sq.sqe_tail++ & ring_.sq.ring_mask];
    clear(taken);
    return taken;
  }

  // Entries that the kernel has not taken yet.
  std::uint32_t queued() const noexcept {
    // acquire: with SQPOLL the kernel's thread moves the head; the entry before it is free again.
    return ring_.sq.sqe_tail - io_uring_smp_load_acquire(ring_.sq.khead);
  }

  // Submits what is queued without waiting and without running deferred work.
  void submit() noexcept;

  // Submits what is queued and waits until `want` completions are there, the deadline has passed
  // (time::max(): never) or a signal came. want 0: takes what is there without waiting. With
  // min_wait_us and a kernel that can (6.12): first waits up to that long for `want`, then for one.
  // Also gets completions that had no room in the ring.
  void submit_and_wait(std::uint32_t want, time deadline = time::max(),
                       std::uint32_t min_wait_us = 0) noexcept;

  // Completions that can be taken now.
  std::uint32_t completed() const noexcept {
    // acquire: pairs with the kernel's release of the tail; the completions before it are written.
    return io_uring_smp_load_acquire(ring_.cq.ktail) - *ring_.cq.khead;
  }

  // each(completion) for all that are there now; those that come meanwhile are left. Returns how
  // many. `each` may queue entries: the place of each completion is given back before the call, so
  // that a full ring never stands in the way of a submission.
  template <class Each>
  std::uint32_t take_completions(Each&& each) noexcept {
    const std::uint32_t count = completed();
    const io_uring_cqe* const ring_of_them = ring_.cq.cqes;
    const std::uint32_t mask = ring_.cq.ring_mask;
    std::uint32_t* const head = ring_.cq.khead;
    const std::uint32_t end = *head + count;
    for (std::uint32_t at = *head; at != end;) {
      const io_uring_cqe done = ring_of_them[at & mask];
      // release: pairs with the kernel's acquire of the head; it may write over the completion.
      io_uring_smp_store_release(head, ++at);
      each(done);
    }
    return count;
  }

  // Deferred work waits for the next submit_and_wait(), or completions that had no room do.
  bool has_work() const noexcept {
    // relaxed would do: a hint; the work itself is fetched by a system call.
    return (io_uring_smp_load_acquire(ring_.sq.kflags) &
            (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
  }

  // Calls of io_uring_enter(2).
  std::uint64_t enters() const noexcept { return enters_; }
  std::uint64_t submitted() const noexcept { return submitted_; }
  // The kernel holds completions that had no room; the next wait delivers them.
  bool overflown() const noexcept {
    return (io_uring_smp_load_acquire(ring_.sq.kflags) & IORING_SQ_CQ_OVERFLOW) != 0;
  }

  io_uring& native() noexcept { return ring_; }
  int descriptor() const noexcept { return ring_.ring_fd; }

 private:
  ring() = default;

  // liburing's io_uring_prep_* set most fields; flags, ioprio and buf_index must start at zero.
  static void clear(io_uring_sqe& taken) noexcept { taken = io_uring_sqe{}; }
  void make_room() noexcept;
  void note(bool wanted, bool obtained, const char* name);
  void publish_tail() noexcept;
  int enter(std::uint32_t submit, std::uint32_t want, std::uint32_t flags,
            wait_argument* argument) noexcept;

  io_uring ring_{};  // ring_fd -1: nothing is owned
  std::uint32_t enter_flags_ = 0;
  bool min_wait_ = false;
  bool register_fd_ = false;
  std::uint64_t enters_ = 0;
  std::uint64_t submitted_ = 0;
  std::vector<std::string> granted_;
  std::vector<std::string> missing_;
};

// Names, as granted() and missing() have them, with a space between.
std::string joined(const std::vector<std::string>& names);

// A completion for the ring with that descriptor, enabled and of this process, which wakes it if it
// waits. 0 or an errno value. Any thread, with or without a ring; one system call (Linux 6.13).
[[nodiscard]] int post_message(int ring, std::int32_t result, std::uint64_t user_data) noexcept;

}  // namespace tailrace::uring
