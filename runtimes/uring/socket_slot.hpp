// SPDX-License-Identifier: MIT
// What a completion's user data points to: one socket of the io_uring runtime, with the operations
// that wait for it and the bytes that came before anybody asked. One thread.
//
// A slot is one cache line. It goes back to the pool only when it is closed and no request that
// names it is in flight, so that a completion never finds a stranger in its slot.
//
// `armed` is the request that stands in the kernel by itself, without an operation waiting: a
// multishot receive, a multishot poll or, on a listener, a multishot accept.
#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include "runtimes/base/ready_queue.hpp"
#include "runtimes/task_node.hpp"

namespace tailrace::uring {

class runtime;
struct operation;

// How an operation of one kind is ended early; a table per kind keeps the operation small.
struct operation_kind {
  // The result becomes -ECANCELED. True: the operation is out of where it waited, its task may
  // run. False: the kernel still has its bytes; the final completion resumes the task.
  bool (*abandon)(operation&) noexcept;
};

// Something a task sleeps in. Lives in the awaiter, hence in the task's frame.
struct operation : runnable {
  const operation_kind* kind;
  task_node* node;  // set when it begins to wait

  explicit operation(const operation_kind& its_kind) noexcept : kind(&its_kind) {}
};

// The low bits of user data: what the rest points to.
enum class tag : std::uint64_t { receive, poll, accept, send, read, rare };
inline constexpr std::uint64_t tag_mask = 7;

// Of what points to nothing, the bits above say what it is, and the rest is a number.
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
Object* object_of(std::uint64_t user_data) noexcept {
  return reinterpret_cast<Object*>(user_data & ~tag_mask);
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

enum class armed_request : std::uint8_t { none, receive, poll, accept };

struct alignas(64) socket_slot {
  static constexpr std::int32_t not_ended = 1;

  int fd = -1;                    // a descriptor, or an index into the ring's table of files
  operation* receiver = nullptr;  // also the acceptor, on a listener
  operation* sender = nullptr;    // also while it is only waiting for its last completion
  socket_slot* next = nullptr;    // free, closed, starved or retry list
  runtime* owner = nullptr;
  std::int32_t end = not_ended;    // 0: end of stream; < 0: -errno; both are told after the bytes
  std::uint16_t first_buffer = 0;  // received, not yet asked for: a list through the buffers
  std::uint16_t last_buffer = 0;
  std::uint16_t waiting_buffers = 0;
  armed_request armed = armed_request::none;
  std::uint8_t evidence = 0;  // receives in a row that speak against the present mode
  bool single : 1 = false;    // receives by calls (receive_mode::single)
  bool stopping : 1 = false;  // the armed request is being cancelled
  bool closing : 1 = false;   // closed by its owner; waits for its last completion
  bool readable : 1 = false;  // single: a call may find bytes
  bool hung_up : 1 = false;   // single: a short receive proves nothing any more
  bool listed : 1 = false;    // in the starved or the retry list
  bool listener : 1 = false;

  bool ended() const noexcept { return end != not_ended; }
  // Requests that name the slot or its descriptor.
  bool in_flight() const noexcept { return armed != armed_request::none || sender != nullptr; }
};
static_assert(sizeof(socket_slot) == 64);

struct listener_slot : socket_slot {
  listener_slot() noexcept { listener = true; }

  std::vector<int> accepted;  // not yet asked for, from `first` on
  std::size_t first = 0;
  bool gone = false;  // closed, and the kernel has let go of it
};

// Slots at stable addresses, in chunks; recycled last in, first out.
class slot_pool {
 public:
  slot_pool() = default;
  slot_pool(const slot_pool&) = delete;
  slot_pool& operator=(const slot_pool&) = delete;
  ~slot_pool() {
    for (socket_slot* chunk : chunks_)
      delete[] chunk;
  }

  socket_slot& take(int fd) {
    if (free_ == nullptr) grow();
    socket_slot& slot = *free_;
    free_ = slot.next;
    slot = socket_slot{};
    slot.fd = fd;
    return slot;
  }

  void give_back(socket_slot& slot) noexcept {
    slot.next = free_;
    free_ = &slot;
  }

 private:
  static constexpr std::size_t chunk_slots = 128;

  void grow() {
    chunks_.push_back(new socket_slot[chunk_slots]);
    for (std::size_t i = chunk_slots; i-- > 0;)
      give_back(chunks_.back()[i]);
  }

  std::vector<socket_slot*> chunks_;
  socket_slot* free_ = nullptr;
};

}  // namespace tailrace::uring
