// SPDX-License-Identifier: MIT
// Does the kernel charge an accepted TCP socket to the memory cgroup of the process that accepts
// it? It is made when the handshake ends, for no process in particular, and charged at accept()
// only by Linux 6.13 and later, in v1 only where the cgroup has a TCP limit. Tried: two children
// hold a thousand connections for a moment. Single-threaded callers only (fork); 0.1 s, with v2,
// whose numbers are late, 5 s.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace tailrace::observe {

// `kernel_bytes` reads the cgroup that a process joins through `join_path`; a reading is rested for
// `settle_s` before. nullopt where it could not be tried.
std::optional<bool> accepted_are_charged(const std::string& join_path, double settle_s,
                                         const std::function<double()>& kernel_bytes);

}  // namespace tailrace::observe
