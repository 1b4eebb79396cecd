// SPDX-License-Identifier: MIT
// The engine over epoll: edge-triggered, registered once by the connector, large batches, one
// shared receive buffer (a short read means drained, so no second recv), sends by plain system
// calls. Used by one thread.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "harness/load/client_loop.hpp"
#include "harness/load/wire_buffer.hpp"

namespace tailrace::load {

class epoll_loop final : public client_loop {
 public:
  // epoll_fd watches every connection; the datum is its index. Not owned.
  epoll_loop(int epoll_fd, std::vector<connection>& connections, const plan& wanted,
             const std::vector<class_plan>& classes)
      : client_loop(connections, wanted, classes), epoll_fd_(epoll_fd) {}

 private:
  static constexpr std::size_t batch = 512;

  int wait(std::int64_t wait_ns) override;
  void handle(int events) override;
  void flush(connection& to) override;
  void forget(connection&) override {}  // closing it ends the watch
  [[nodiscard]] int await_connected(connection& which) override;
  [[nodiscard]] std::size_t unread(connection& from) override;

  void handle_one(connection& from, std::uint32_t events);
  void receive(connection& from, bool ending);
  void sending_failed(connection& to, int error);

  int epoll_fd_;
  std::array<epoll_event, batch> events_{};
  std::unique_ptr<char[]> receive_buffer_ = std::make_unique<char[]>(wire_buffer_bytes);
  std::unique_ptr<char[]> send_buffer_ = std::make_unique<char[]>(wire_buffer_bytes);
};

}  // namespace tailrace::load
