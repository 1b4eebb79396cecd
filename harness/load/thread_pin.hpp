// SPDX-License-Identifier: MIT
// Confines the calling thread to one CPU.
#pragma once

#include <cstdint>
#include <vector>

namespace tailrace::load {

// To the index-th of `cpus`, modulo their number; does nothing when the list is empty. Throws
// refusal (not possible here) when the machine or the process's own limits forbid it.
void pin_thread(const std::vector<int>& cpus, std::uint32_t index);

}  // namespace tailrace::load
