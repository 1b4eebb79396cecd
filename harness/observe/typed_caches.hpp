// SPDX-License-Identifier: MIT
// What an object of a slab cache takes up, from the size of its structure (kernel_types.hpp) and
// from how the kernel makes the cache: its alignment, and whether the pointer to the next free
// object lies behind the object. So an ordinary user knows what only root may read in slabinfo.
//
// Accuracy: on Linux 6.18, x86-64, each is what slabinfo says. On others it is off by the alignment
// at most where a kernel makes a cache in another way: 64 bytes of a socket, 2 % of a connection.
// Marks of security modules have no type and are 24 and 32 bytes. Kernels that check their slabs
// (slab_debug=) add more, and none of it is seen. Any one thread.
// Sources: calculate_sizes() and calculate_alignment() in mm/, sk_alloc's proto_register() in
// net/core/sock.c, init_inodecache() in net/socket.c, files_init(), eventpoll_init(),
// fpu__init_task_struct_size() in arch/x86/kernel/fpu/init.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/observe/kernel_types.hpp"

namespace tailrace::observe {

// Bytes of the register state that the kernel keeps of a thread, behind its task_struct on x86-64;
// 0 elsewhere, where it is within.
std::int64_t register_state_bytes();

class typed_caches {
 public:
  // Tests give the root of another file tree and another state.
  explicit typed_caches(const std::string& root = "",
                        std::int64_t register_state = register_state_bytes());

  // nullopt for a cache that is not among those counted, or whose type is not found. What comes
  // from kmalloc has the name of its type: async_poll, io_async_msghdr.
  std::optional<std::int64_t> object_bytes(const std::string& cache) const;
  const std::string& cause() const { return types_.cause(); }

 private:
  std::optional<std::int64_t> task_bytes() const;

  kernel_types types_;
  std::int64_t register_state_;
};

}  // namespace tailrace::observe
