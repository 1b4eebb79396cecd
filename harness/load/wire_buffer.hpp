// SPDX-License-Identifier: MIT
// Size of the receive and the send buffer of a load thread (one each, shared by all its
// connections).
#pragma once

#include <cstddef>

namespace tailrace::load {

inline constexpr std::size_t wire_buffer_bytes = 256U << 10;

}  // namespace tailrace::load
