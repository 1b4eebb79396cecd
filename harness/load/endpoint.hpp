// SPDX-License-Identifier: MIT
// Addresses and sockets of the client: sockets are non-blocking,
// TCP_NODELAY, and reset on close (SO_LINGER 0) so that thousands of connections leave no TIME_WAIT
// behind. Where the server is on 127/8, connections are spread over the sources 127.0.0.2,
// 127.0.0.3, ... because one pair of addresses has only about 28,000 ports. Any thread.
// On 127/8 they use the congestion control "reno" whatever the default of the system is.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace tailrace::load {

// What a socket is told before it connects; 0: the system's. A small receive buffer is full soon;
// announcing small segments keeps the server's send buffer as small as for a client over Ethernet:
// with the segments of loopback, 64 KiB, it would be 2.5 MiB.
struct socket_sizes {
  int receive_buffer = 0;  // SO_RCVBUF, bytes
  int send_buffer = 0;     // SO_SNDBUF, bytes
  int segment = 0;         // TCP_MAXSEG, bytes
};

struct endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;
  bool loopback_v4 = false;
  std::string text;  // as it was given
};

// Sources needed for so many connections to one address: one per 10,000, or per three quarters of
// the local ports where those are fewer. The second takes those of this machine: two small files.
[[nodiscard]] std::uint32_t source_addresses_for(std::uint32_t connections, std::int64_t ports);
[[nodiscard]] std::uint32_t source_addresses_for(std::uint32_t connections);

// Begins a non-blocking connect from source `source` (127.0.0.2 + source; ignored unless the server
// is on 127/8). Returns the descriptor, or minus errno with nothing left open.
[[nodiscard]] int begin_connect(const endpoint& to, std::uint32_t source,
                                const socket_sizes& sizes = {}) noexcept;

// 0 or the errno of a finished connect; EINPROGRESS while it is under way.
[[nodiscard]] int connect_outcome(int fd) noexcept;

// Connects, stays for stay_s, and hangs up. 0, or the errno: ETIMEDOUT where there was no answer in
// time, ECONNRESET where the peer reset it while we stayed, as becomes of those that wait to be
// accepted when a listener is closed. That the peer closed it is no error.
[[nodiscard]] int try_to_connect(const endpoint& to, double limit_s, double stay_s = 0) noexcept;

// "ECONNREFUSED"; "errno 999" for one without a name.
[[nodiscard]] std::string errno_name(int error);

}  // namespace tailrace::load
