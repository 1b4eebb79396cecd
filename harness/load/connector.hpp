// SPDX-License-Identifier: MIT
// Opens connections at a rate: non-blocking, so many under way at most, each registered once with
// the epoll descriptor that later drives it (edge-triggered). One object a thread.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/load/connection.hpp"
#include "harness/load/endpoint.hpp"
#include "harness/load/histogram.hpp"

namespace tailrace::load {

// Well below a listen backlog of 4096: no lost SYN, no 1 s retry.
inline constexpr std::size_t connects_under_way_max = 256;

// Where a connection goes, by its number: to which server, and from which source address.
struct route {
  const endpoint* to = nullptr;
  std::uint32_t source = 0;
};
[[nodiscard]] route route_of(const std::vector<endpoint>& endpoints, std::uint64_t number,
                             std::uint32_t source_addresses) noexcept;

// How a connection is watched: edge-triggered, by its index.
[[nodiscard]] epoll_event watch_of(std::size_t index) noexcept;

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

  // Connects all of them.
  // The index is the epoll datum. Throws refusal where one is refused, or when the time is
  // over; sockets opened so far stay with their connections for the caller to close. A stop request
  // returns early.
  void open(std::vector<connection>& connections, histogram& connect_times);

 private:
  void begin(connection& wanted, std::size_t index);
  void finish(connection& wanted, histogram& connect_times);
  [[nodiscard]] route way_of(const connection& wanted) const noexcept;

  int epoll_fd_;
  plan plan_;
};

// Closes all of them, each with a reset.
void close_all(std::vector<connection>& connections) noexcept;

}  // namespace tailrace::load
