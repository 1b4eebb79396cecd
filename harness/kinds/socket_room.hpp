// SPDX-License-Identifier: MIT
// How many connections this machine can hold with full sockets and stay as it is: TCP under
// pressure gives every socket less, and would be another experiment. Any thread; some small files.
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

// A part, for tests: texts of net.ipv4.tcp_mem and /proc/meminfo, what the cgroups leave.
socket_room room_for_sockets(const std::string& tcp_mem, const std::string& meminfo,
                             const observe::machine_limit& group, std::int64_t page_bytes);

}  // namespace tailrace::kinds
