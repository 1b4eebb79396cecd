// SPDX-License-Identifier: MIT
// The ring, and what was submitted to it and has not completed yet.
//
// Invariant: in_flight() is the number of requests whose final completion is still to come; sends
// (their slot knows) and requests that complete silently are not counted. While it is not 0, slots
// and buffers must stay; it is 0 when this is destroyed.
//
// One thread: the ring's, from enable() on. Cost: an entry is some ten instructions; a system call
// is made for many, by whoever waits on kernel().
#pragma once

#include <cstdint>

#include "runtimes/base/check.hpp"
#include "runtimes/base/uring/ring.hpp"
#include "runtimes/uring/available.hpp"
#include "runtimes/uring/options.hpp"
#include "runtimes/uring/user_data.hpp"

namespace tailrace::uring {

class submission {
 public:
  // Throws unavailable, as enable() does.
  explicit submission(const options& chosen) : ring_(open_ring(chosen)) {}
  submission(const submission&) = delete;
  submission& operator=(const submission&) = delete;
  ~submission() { TAILRACE_CHECK_VALUES(in_flight_ == 0, in_flight_, 0); }

  // On the thread that will use the ring; the constructor may have been called on another.
  void enable() {
    if (enabled_) return;
    enabled_ = true;
    if (const int refused = ring_.enable(); refused != 0) throw unavailable(explain(refused));
  }

  // A request that is counted until ended().
  io_uring_sqe& entry() noexcept {
    ++in_flight_;
    return ring_.entry();
  }
  // A request that is not: a send.
  io_uring_sqe& uncounted_entry() noexcept { return ring_.entry(); }
  // Of each completion of a counted request. True: it was the final one.
  bool ended(const io_uring_cqe& done) noexcept {
    if ((done.flags & IORING_CQE_F_MORE) != 0) return false;
    --in_flight_;
    return true;
  }
  std::uint32_t in_flight() const noexcept { return in_flight_; }

  // By user data, which the kernel hashes; by descriptor it would look through all that is armed.
  void cancel(std::uint64_t user_data) noexcept {
    // Entries are submitted in order: a later request with this user data is not there yet.
    io_uring_sqe& entry = ring_.entry();
    ::io_uring_prep_cancel64(&entry, user_data, 0);
    complete_in_silence(entry);
  }
  void cancel_all() noexcept {
    io_uring_sqe& entry = ring_.entry();
    ::io_uring_prep_cancel64(&entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    entry.user_data = data_of(rare::ignored);
  }
  // Of the ring's table of files.
  void close_direct(int place) noexcept {
    io_uring_sqe& entry = ring_.entry();
    ::io_uring_prep_close_direct(&entry, static_cast<unsigned>(place));
    complete_in_silence(entry);
  }

  ring& kernel() noexcept { return ring_; }
  const ring& kernel() const noexcept { return ring_; }
  int ring_descriptor() const noexcept { return ring_.descriptor(); }

 private:
  static void complete_in_silence(io_uring_sqe& entry) noexcept {
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry.user_data = data_of(rare::ignored);
  }

  ring ring_;
  std::uint32_t in_flight_ = 0;
  bool enabled_ = false;
};

}  // namespace tailrace::uring
