// SPDX-License-Identifier: MIT
// Which kernel objects a process holds, counted one by one from files that its own user may read:
// descriptors by kind, epoll items and armed io_uring requests (/proc/PID/fdinfo), threads, memory
// areas, the descriptor table, and what the buffers of its TCP sockets hold (sock_diag). What is
// met and not known is named, since the sum would not be whole. Any thread; about 10 us a
// descriptor. Formats: proc(5); the texts are bounded before they are believed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/observe/tcp_sockets.hpp"

namespace tailrace::observe {

// Armed io_uring requests that wait for readiness.
struct ring_requests {
  std::int64_t all = 0;
  std::int64_t messages = 0;  // those that send or receive, which hold a message header each
};

struct kernel_objects {
  std::int64_t descriptors = 0;
  std::int64_t tcp = 0;   // of AF_INET
  std::int64_t tcp6 = 0;  // of AF_INET6
  std::int64_t other_sockets = 0;
  std::int64_t epoll_items = 0;
  ring_requests ring;
  std::int64_t threads = 0;
  std::int64_t areas = 0;             // of virtual memory
  std::int64_t table_slots = 0;       // of the descriptor table
  std::int64_t page_table_bytes = 0;  // of user memory
  std::int64_t buffer_bytes = 0;      // of TCP sockets, as the kernel accounts them
  std::string cause;                  // why the counts are not whole, or empty
  std::string unknown;                // what it holds besides that has no known size, or empty
};

// nullopt once the process is gone.
std::optional<kernel_objects> count_kernel_objects(int pid);

// Its TCP sockets alone, which can be counted also while it is busy. A cause where they cannot, or
// empty.
std::string add_tcp_sockets_of(int pid, tcp_totals& into);

// Parts, for tests.

// "tfd:" lines of the fdinfo of an epoll.
std::int64_t epoll_items_in(std::string_view fdinfo);
// Lines below "PollList:" of the fdinfo of an io_uring; nullopt where there is no such list: Linux
// before 5.12, or a ring that was locked.
std::optional<ring_requests> ring_requests_in(std::string_view fdinfo);

}  // namespace tailrace::observe
