// SPDX-License-Identifier: MIT
// Makes room for the descriptors a run needs. Changes only this process.
#pragma once

#include <cstdint>

namespace tailrace::load {

// Descriptors beside the connections: standard streams, epoll, files.
inline constexpr std::uint64_t descriptors_beside_connections = 64;

// Raises the soft limit of open files to at least `connections` + descriptors_beside_connections
// (up to the hard limit). Throws refusal (not possible here) that names the number needed.
void make_room_for_connections(std::uint64_t connections);

}  // namespace tailrace::load
