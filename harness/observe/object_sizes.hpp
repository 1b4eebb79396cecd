// SPDX-License-Identifier: MIT
// What counted kernel objects take up. Sizes are those that the system says (slab_caches.hpp), else
// follow from the kernel's types (typed_caches.hpp), else, on x86-64, are those of a table, which
// is of Linux 6.18, and then that is told: kernels differ by up to a tenth in a socket and by more
// in a thread, of which the stack is most. Without any of them there is no sum. Any one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "harness/observe/kernel_objects.hpp"
#include "harness/observe/slab_caches.hpp"
#include "harness/observe/typed_caches.hpp"

namespace tailrace::observe {

// Of a thread: 16 KiB on x86-64 and arm64, and no less than a page.
double kernel_stack_bytes();

// From the best to the worst.
enum class size_source { slabs, types, table };
const char* size_source_name(size_source source);

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
  // `has_table`: whether the table is of such a machine as this one.
  object_sizes(const slab_caches& slabs, const typed_caches& types, bool has_table = is_x86_64);

  // 0 where the size cannot be had, or there is no such cache.
  double of(const std::string& cache) const;
  // The worst that of() has had to use until now.
  size_source source() const { return source_; }
  // A cache whose size could not be had, or empty: then sums are not whole.
  const std::string& missing() const { return missing_; }

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
#ifdef __x86_64__
  static constexpr bool is_x86_64 = true;
#else
  static constexpr bool is_x86_64 = false;
#endif
  // By the kernel's types or the table; also what the kernel takes from kmalloc.
  double without_slabs(const std::string& cache) const;
  // So many of them; what there is none of needs no size.
  double times(std::int64_t count, const std::string& cache) const;
  double ring_extras(const ring_requests& ring) const;
  double of_process(const kernel_objects& held) const;
  double marks(const kernel_objects& held) const;

  const slab_caches& slabs_;
  const typed_caches& types_;
  bool has_table_;
  mutable size_source source_ = size_source::slabs;
  mutable std::string missing_;
};

}  // namespace tailrace::observe
