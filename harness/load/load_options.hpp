// SPDX-License-Identifier: MIT
// What one load run is asked to do. Plain data; command_line.hpp fills and checks it, tests fill it
// by hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/load/arrivals.hpp"
#include "harness/load/endpoint.hpp"

namespace tailrace::load {

// Who waits, receives and sends: epoll_loop.hpp, uring_loop.hpp.
enum class engine_kind : std::uint8_t { epoll, uring };

struct load_options {
  std::vector<std::string> connect;  // "host:port"
  std::uint32_t connections = 50;
  std::uint32_t message_bytes = 64;
  std::uint32_t depth = 1;  // closed loop: outstanding per connection
  std::uint32_t outstanding_max =
      1024;               // open loop: beyond it a request waits in the queue, its plan kept
  double rate_per_s = 0;  // > 0 is the open loop
  arrival_kind arrival = arrival_kind::poisson;
  double duration_s = 2;
  double warmup_s = 0.5;
  double drain_s = 2;  // how long to wait for answers after the last planned send
  double timeout_s = 10;
  std::int64_t skip_late_us = 0;  // 0 = never skip
  std::uint64_t seed = 1;
  std::uint32_t threads = 1;
  std::vector<int> cpus;  // empty = not pinned
  bool spin = true;
  engine_kind engine = engine_kind::epoll;
  std::uint32_t receive_buffers = 0;  // of the engine over io_uring, a power of two; 0 = enough
  bool http = false;
  std::string http_path = "/";
  double connect_rate_per_s = 0;  // 0 = as fast as answers come
  double connect_timeout_s = 10;
  std::uint32_t source_addresses = 0;  // 0 = as many as the connections need
  std::string json_file;               // empty = a table; "-" = standard output
  bool hold = false;
  socket_sizes sizes;  // of connections that are held
  // Two classes of connections (load_class.hpp), open loop and one thread only:
  std::uint32_t hog_every = 0;        // > 0: hogs beside the others; rate_per_s is the others'
  double hog_rate_per_s = 0;          // of all hogs together
  std::uint32_t hot_connections = 0;  // > 0: so many connections carry hot_share of the rate
  double hot_share = 0;

  [[nodiscard]] bool open_loop() const noexcept { return rate_per_s > 0; }
};

}  // namespace tailrace::load
