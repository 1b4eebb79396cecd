// SPDX-License-Identifier: MIT
// The kernel's timer slack: by how much it may delay the wake-up of a thread that sleeps in epoll,
// poll, nanosleep or a futex, to serve several with one interrupt (50 us by default; not applied to
// timerfd and io_uring timeouts). Of the calling thread, and of the threads that it starts later.
#pragma once

#include <cstdint>

namespace tailrace {

// 0: back to the kernel's default. Returns what is in force then.
std::int64_t set_timer_slack(std::int64_t slack_ns);

}  // namespace tailrace
