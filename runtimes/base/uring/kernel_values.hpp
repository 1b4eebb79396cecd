// SPDX-License-Identifier: MIT
// What the kernel's io_uring interface has and the headers of liburing 2.3 (Debian 12) have not, in
// one place; and the few names that our code uses for both. Values: include/uapi/linux/io_uring.h
// of Linux 6.18; each says since when. Nothing here is redefined where the header has it: ours are
// constants of our own.
#pragma once

#include <liburing.h>
#include <poll.h>

#include <cstdint>

namespace tailrace::uring {

// io_uring_setup(2), flags.
inline constexpr std::uint32_t setup_no_sqarray = 1U << 16;  // Linux 6.6

// io_uring_params.features.
inline constexpr std::uint32_t feature_min_timeout = 1U << 15;  // Linux 6.12
inline constexpr std::uint32_t feature_no_iowait = 1U << 17;    // Linux 6.15

// io_uring_register(2), opcodes.
inline constexpr unsigned register_send_msg_ring = 31;  // Linux 6.13

// io_uring_enter(2), flags.
inline constexpr std::uint32_t enter_no_iowait = 1U << 7;  // Linux 6.15

// What a poll waits for and reports: bytes or the end of the stream; no more than that will come.
inline constexpr unsigned poll_input = POLLIN | POLLRDHUP;
inline constexpr int poll_hang_up = POLLRDHUP | POLLHUP | POLLERR;

// The argument of a wait (IORING_ENTER_EXT_ARG). Linux 6.12 gave the padding of
// io_uring_getevents_arg to min_wait_usec, which the header of 2.3 does not name.
struct wait_argument {
  std::uint64_t sigmask = 0;
  std::uint32_t sigmask_size = 0;
  std::uint32_t min_wait_us = 0;
  std::uint64_t timeout = 0;  // address of a __kernel_timespec, or 0
};
static_assert(sizeof(wait_argument) == sizeof(io_uring_getevents_arg));

}  // namespace tailrace::uring
