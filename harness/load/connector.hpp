// SPDX-License-Identifier: MIT
// Opens connections at a rate: non-blocking, at most 256 under way, each registered once with the
// epoll descriptor that later drives it (edge-triggered). One object a thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "harness/load/connection.hpp"
#include "harness/load/endpoint.hpp"
#include "harness/load/histogram.hpp"

namespace tailrace::load {

class connector {
 public:
  struct plan {
    const std::vector<endpoint>* endpoints = nullptr;
    std::uint32_t source_addresses = 1;
    double rate_per_s = 0;  // 0 = as fast as they are answered
    double timeout_s = 10;
    const std::atomic<bool>* stop = nullptr;
  };

  connector(int epoll_fd, const plan& wanted) : epoll_fd_(epoll_fd), plan_(wanted) {}

  // Connects all of them: their `number` chooses the server and the source address.
  // The index is the epoll datum. Throws refusal where one is refused, or when the time is
  // over; sockets opened so far stay with their connections for the caller to close. A stop request
  // returns early.
  void open(std::vector<connection>& connections, histogram& connect_times);

 private:
  void begin(connection& wanted, std::size_t index);
  void finish(connection& wanted, histogram& connect_times);
  [[nodiscard]] const endpoint& endpoint_of(const connection& wanted) const;

  int epoll_fd_;
  plan plan_;
};

// Closes all of them, each with a reset.
void close_all(std::vector<connection>& connections) noexcept;

}  // namespace tailrace::load
