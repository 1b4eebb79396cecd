// SPDX-License-Identifier: MIT
// TCP sockets by their inodes, and what their buffers hold, as the kernel accounts it
// (sock_diag(7), which any user may ask), in the caller's network namespace. Any thread; about 1 us
// a socket of the whole namespace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>

namespace tailrace::observe {

using inode_set = std::unordered_set<std::uint32_t>;

struct tcp_totals {
  std::int64_t sockets = 0;
  std::int64_t buffer_bytes = 0;  // received, to be sent, reserved, options, backlog
  std::int64_t full = 0;          // so much is to be sent that poll() would not say POLLOUT
};

// Adds the sockets of this family (AF_INET, AF_INET6) that are among the inodes. A cause where they
// could not be read, or empty.
std::string add_tcp_sockets(int family, const inode_set& inodes, tcp_totals& into);

// One datagram of the reply. A part, for tests.
struct reply_part {
  bool last = false;
  std::string cause;  // why it is not such a reply, or the kernel's refusal
};
reply_part add_tcp_reply(std::span<const std::byte> datagram, const inode_set& inodes,
                         tcp_totals& into);

}  // namespace tailrace::observe
