// SPDX-License-Identifier: MIT
// What sockets this machine can fill and stay as it is: how many connections, since TCP under
// pressure gives every socket less, which would be another experiment; and how much a client's
// takes while nobody reads. Any thread; some small files, or a socket.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/observe/machine_limits.hpp"

namespace tailrace::kinds {

struct socket_room {
  std::int64_t bytes = 0;  // for the sockets and user buffers of both ends
  std::string limit;       // by what, for a sentence
  std::string remedy;
};

// The least of half of where TCP begins to save (the first number of net.ipv4.tcp_mem, pages), a
// quarter of the memory available, and a quarter of what the memory limits of the own cgroup and of
// those above it leave. No room where none is known.
socket_room room_for_sockets();
// The counts, all made smaller by the same factor where the largest has no room at `bytes_each`:
// then `cause` says why. Throws a refusal (unsupported) where there is room for fewer than 16.
std::vector<std::int64_t> within_room(const std::vector<std::int64_t>& counts,
                                      std::int64_t bytes_each, const socket_room& room,
                                      std::string& cause);

// What a socket may have to send (SO_SNDBUF) where so many bytes are asked for: fewer where the
// limit, net.core.wmem_max, is lower. 0 where there is no socket.
std::int64_t send_buffer_granted(std::int64_t bytes);
// Throws a refusal (unsupported) where that is too little for a request to be sent whole while the
// target stands still; more than the usual limit is not needed.
void require_send_buffer(std::int64_t request_bytes, std::int64_t granted);

// A part, for tests: texts of net.ipv4.tcp_mem and /proc/meminfo, what the cgroups leave.
socket_room room_for_sockets(const std::string& tcp_mem, const std::string& meminfo,
                             const observe::machine_limit& group, std::int64_t page_bytes);

}  // namespace tailrace::kinds
