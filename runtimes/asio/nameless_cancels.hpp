// SPDX-License-Identifier: MIT
// Included by the compiler before all else where Boost.Asio runs over io_uring.
//
// Asio (1.24, in Boost 1.81) asks for a cancellation without saying whose completion that
// request's own is, and liburing leaves in it what the last use of its place in the ring had said:
// from the 16,385th request on, the completion of an operation that ended long ago. Its queue then
// breaks, and what should end waits for ever. A name that is null is one that Asio ignores. See
// axboe/liburing issues 690 and 848, which leave this to the caller.
#pragma once

#include <liburing.h>

inline void tailrace_nameless_cancel(io_uring_sqe* request, void* cancelled, int flags) {
  ::io_uring_prep_cancel(request, cancelled, flags);
  ::io_uring_sqe_set_data(request, nullptr);
}

#define io_uring_prep_cancel tailrace_nameless_cancel  // NOLINT(readability-identifier-naming)
