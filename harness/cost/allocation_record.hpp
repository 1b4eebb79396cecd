// SPDX-License-Identifier: MIT
// What the preloaded library writes and the harness reads, in memory that both have mapped.
#pragma once

#include <atomic>
#include <cstdint>

namespace tailrace::cost {

// Names the inherited descriptor of the memory.
inline constexpr const char* allocation_variable = "TAILRACE_ALLOCATIONS_FD";

struct allocation_record {
  // relaxed everywhere: tallies, read while the target waits for a message.
  std::atomic<std::uint64_t> processes;  // in which the library was loaded
  std::atomic<std::uint64_t> calls;      // of malloc and its relatives, that gave memory
  std::atomic<std::uint64_t> bytes;      // that were asked for
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace tailrace::cost
