// SPDX-License-Identifier: MIT
// The time outside the simulation. See clock.cpp. Any thread.
#pragma once

#include <chrono>

namespace tailrace::sim {

std::chrono::steady_clock::time_point real_time() noexcept;

}  // namespace tailrace::sim
