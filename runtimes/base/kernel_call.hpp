// SPDX-License-Identifier: MIT
// One system call without glibc around it: no cancellation point, no errno; returns -errno. Any
// thread. For the two calls of every message only: recv() and send() of glibc are cancellation
// points, and in a process with a second thread each of them costs two atomic read-modify-writes.
// Measured on `local` with tailrace cost: 238 user instructions per echo through
// syscall(2), 199 this way. On other machines than x86-64: syscall(2).
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace tailrace {

#if defined(__x86_64__) && !defined(TAILRACE_PORTABLE_KERNEL_CALL)
// Register convention: syscall(2), "Architecture calling conventions".
inline long kernel_call(long number, long first, const void* second, unsigned long third,
                        long fourth) noexcept {
  long result = number;
  register long flags asm("r10") = fourth;
  register long address asm("r8") = 0;
  register long address_size asm("r9") = 0;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(first), "S"(second), "d"(third), "r"(flags), "r"(address), "r"(address_size)
               : "rcx", "r11", "memory");
  return result;
}
#else
inline long kernel_call(long number, long first, const void* second, unsigned long third,
                        long fourth) noexcept {
  const long result = ::syscall(number, first, second, third, fourth, nullptr, 0UL);
  return result < 0 ? -static_cast<long>(errno) : result;
}
#endif

}  // namespace tailrace
