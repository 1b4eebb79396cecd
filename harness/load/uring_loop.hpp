// SPDX-License-Identifier: MIT
// The engine over io_uring: one multishot receive a connection into buffers that the kernel takes
// from a ring, registered descriptors, sends queued and submitted together, completions deferred
// to the one system call of a turn. Used by one thread.
//
// A send whose answer proves that it went out asks for no completion where it succeeds
// (CQE_SKIP_SUCCESS; MSG_WAITALL, so that one which is short goes on in the kernel). That is so
// where a connection has one request out at a time; else one send a connection is in flight, and
// the next waits for its completion. A message counts as written when it is handed to the kernel.
// Large messages are sent by a plain system call, as far as the socket takes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/load/client_loop.hpp"
#include "harness/load/uring_port.hpp"
#include "harness/load/wire_buffer.hpp"

namespace tailrace::load {

class uring_loop final : public client_loop {
 public:
  // The port is used by nobody else, and outlives the loop.
  uring_loop(uring_port& port, std::vector<connection>& connections, const plan& wanted,
             const std::vector<class_plan>& classes);

 private:
  struct slot {
    std::size_t unread = 0;       // bytes that came after the end
    std::uint32_t send_from = 0;  // what the kernel has of the chunk: [send_from, send_to)
    std::uint32_t send_to = 0;
    bool sending = false;    // a completion of it will come
    bool receiving = false;  // likewise
    int send_error = 0;      // the peer is gone: what it answered before, and its end, are received
    std::uint16_t life = 0;  // tells what completes of this connection from what does of the one
                             // before it in this place
  };

  int wait(std::int64_t wait_ns) override;
  void handle(int events) override;
  void flush(connection& to) override;
  void release() override;
  void forget(connection& which) override;
  [[nodiscard]] int await_connected(connection& which) override;
  void stop_receiving() override;
  [[nodiscard]] std::size_t unread(connection& from) override;

  void sending_failed(connection& to, int error);
  [[nodiscard]] std::size_t index_of(const connection& one) noexcept {
    return static_cast<std::size_t>(&one - connections().data());
  }
  [[nodiscard]] bool send_directly(connection& to);
  [[nodiscard]] bool anything_to_take() noexcept;
  void queue_receive(std::size_t index);
  void queue_send(std::size_t index, bool proven);
  void queue_connect(std::size_t index);
  void queue_cancel(std::uint64_t of, unsigned flags);
  void completed(const io_uring_cqe& completion);
  void received(std::size_t index, const io_uring_cqe& completion, bool current);
  void connected(std::size_t index);
  void sent(std::size_t index, int result);

  uring_port& port_;
  std::unique_ptr<char[]> direct_buffer_ = std::make_unique<char[]>(wire_buffer_bytes);
  std::vector<slot> slots_;      // by index of the connection
  std::uint64_t in_flight_ = 0;  // requests that will complete
  bool stopping_ = false;
};

}  // namespace tailrace::load
