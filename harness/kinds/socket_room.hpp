// SPDX-License-Identifier: MIT
// How many connections this machine can hold with full sockets and stay as it is: TCP under
// pressure gives every socket less, and would be another experiment. Any thread; two small files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tailrace::kinds {

struct socket_room {
  std::int64_t bytes = 0;  // for the sockets and user buffers of both ends
  std::string limit;       // by what, for a sentence
};

// The lesser of half of where TCP begins to save (the first number of net.ipv4.tcp_mem, pages) and
// a quarter of the memory available. No room where neither is known.
socket_room room_for_sockets();
// The counts, all made smaller by the same factor where the largest has no room at `bytes_each`:
// then `cause` says why. Throws a refusal (unsupported) where there is room for fewer than 16.
std::vector<std::int64_t> within_room(const std::vector<std::int64_t>& counts,
                                      std::int64_t bytes_each, const socket_room& room,
                                      std::string& cause);

// A part, for tests: texts of net.ipv4.tcp_mem and /proc/meminfo.
socket_room room_for_sockets(const std::string& tcp_mem, const std::string& meminfo,
                             std::int64_t page_bytes);

}  // namespace tailrace::kinds
