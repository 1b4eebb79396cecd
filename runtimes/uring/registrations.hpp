// SPDX-License-Identifier: MIT
// What the kernel knows beforehand, so that it need not look it up for each request: the ring's
// table of files, and one piece of memory that reads go to. Where it refuses a registration,
// requests work all the same, without it.
//
// Invariant: a place is one file's until it is given back. With direct descriptors the table is
// that of the connections, in which the kernel chooses the places, and open files get none.
// One thread: the ring's, which outlives this. Cost: a system call a change, none a request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtimes/base/uring/ring.hpp"
#include "runtimes/uring/options.hpp"

namespace tailrace::uring {

class registrations {
 public:
  static constexpr int no_place = -1;

  // With direct descriptors it makes their table, or throws unavailable.
  registrations(ring& owner, const options& chosen);
  registrations(const registrations&) = delete;
  registrations& operator=(const registrations&) = delete;

  int take_place(int fd) noexcept;
  void give_back_place(int place) noexcept;

  // False: not wanted, registered already, or refused (the memory-lock limit: ulimit -l).
  bool register_memory(std::span<std::byte> memory) noexcept;
  void unregister_memory() noexcept;
  bool holds(std::span<const std::byte> memory) const noexcept {
    const auto start = static_cast<std::size_t>(memory.data() - memory_.data());
    return start < memory_.size() && memory.size() <= memory_.size() - start;
  }

  bool has_files() const noexcept { return places_ != 0; }
  bool has_memory() const noexcept { return !memory_.empty(); }

 private:
  io_uring& ring_;
  const bool wants_files_;
  const bool wants_memory_;
  bool has_table_ = false;       // of most_places, for files
  std::uint32_t places_ = 0;     // that are taken, a bit each
  std::span<std::byte> memory_;  // empty: none
};

}  // namespace tailrace::uring
