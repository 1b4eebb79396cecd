// SPDX-License-Identifier: MIT
// What counted kernel objects take up. Sizes are those that the system says (slab_caches.hpp), else
// those of a table, measured on Linux 6.18 for x86-64, and then that is told: kernels differ by up
// to a tenth in a socket and by more in a thread, of which the stack is most. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "harness/observe/kernel_objects.hpp"
#include "harness/observe/slab_caches.hpp"

namespace tailrace::observe {

inline constexpr double kernel_stack_bytes = 16384;  // x86-64 and arm64 with 4 KiB pages

struct object_bytes {
  double stacks = 0;
  double page_tables = 0;
  double buffers = 0;  // of TCP sockets
  double others = 0;
  double sum() const { return stacks + page_tables + buffers + others; }
};

// The caches that from_slabs() counts.
std::span<const char* const> counted_caches();

class object_sizes {
 public:
  explicit object_sizes(const slab_caches& slabs) : slabs_(slabs) {}

  double of(const std::string& cache) const;
  // Whether of() has had to take one from the table.
  bool from_table() const { return from_table_; }

  // All of them: counted objects times sizes.
  object_bytes computed(const kernel_objects& held) const;
  // Machine-wide slabs where they say the count, less what the client holds, and the rest by the
  // target's own counts. nullopt where a cache that is needed has no row.
  std::optional<object_bytes> from_slabs(const kernel_objects& target,
                                         const kernel_objects& client) const;
  // What the memory cgroup does not charge: polls and message headers of io_uring, marks of
  // security modules, and TCP sockets where the kernel charges them to nobody.
  double uncharged(const kernel_objects& held, bool accepted_are_charged) const;

 private:
  double ring_extras(const ring_requests& ring) const;
  double of_process(const kernel_objects& held) const;

  const slab_caches& slabs_;
  mutable bool from_table_ = false;
};

}  // namespace tailrace::observe
