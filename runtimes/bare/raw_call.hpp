// SPDX-License-Identifier: MIT
// System calls without a library in between. glibc's recv, send and epoll_wait are cancellation
// points: with a second thread in the process (the one that talks to the harness) each costs two
// atomic read-modify-writes, and syscall(2) still shuffles seven arguments. A floor does without.
// Any thread. Returns what the kernel returns: a negative errno for a refusal; errno is not
// touched.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace tailrace {

inline long raw_call(long number, long a, long b, long c, long d, long e, long f) noexcept {
#if defined(__x86_64__)
  // The calling convention: syscall(2), "Architecture calling conventions".
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
#else
  const long result = ::syscall(number, a, b, c, d, e, f);
  return result < 0 ? -errno : result;
#endif
}

}  // namespace tailrace
