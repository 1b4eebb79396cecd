// SPDX-License-Identifier: MIT
// The user data of an entry, which its completions carry: what was requested, by which object.
//   what points to an object   its address; the low three bits are the tag
//   rare                       tag::rare, two bits of `rare` above it, and a number above those
#pragma once

#include <cstdint>

namespace tailrace::uring {

// The object: receive, poll: a socket_slot; accept: a listener_slot; send: the task_node of who
// sends; read: its awaiter.
enum class tag : std::uint64_t { receive, poll, accept, send, read, rare };
inline constexpr std::uint64_t tag_mask = 7;

// message: from another ring, result >= 0: a connection; handed_over: sent to another ring.
enum class rare : std::uint64_t { ignored, wake, message, handed_over };
inline constexpr int rare_shift = 3;
inline constexpr int number_shift = 5;

inline std::uint64_t data_of(const void* object, tag kind) noexcept {
  return reinterpret_cast<std::uint64_t>(object) | static_cast<std::uint64_t>(kind);
}
constexpr tag tag_of(std::uint64_t user_data) noexcept {
  return static_cast<tag>(user_data & tag_mask);
}
// What data_of() was given, as the same type.
template <class Object>
Object& object_of(std::uint64_t user_data) noexcept {
  return *reinterpret_cast<Object*>(user_data & ~tag_mask);
}

constexpr std::uint64_t data_of(rare what, std::uint64_t number = 0) noexcept {
  return number << number_shift | static_cast<std::uint64_t>(what) << rare_shift |
         static_cast<std::uint64_t>(tag::rare);
}
constexpr rare rare_of(std::uint64_t user_data) noexcept {
  return static_cast<rare>(user_data >> rare_shift & 3);
}
constexpr std::uint64_t number_of(std::uint64_t user_data) noexcept {
  return user_data >> number_shift;
}

}  // namespace tailrace::uring
