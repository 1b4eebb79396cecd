// SPDX-License-Identifier: MIT
// An echo server on a thread of the test that misbehaves as told. Not fast, not a contestant: the
// load generator must measure and count what it does exactly. Byte offsets count what one
// connection received, totals what all did.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <thread>

namespace tailrace::load {

inline constexpr std::uint64_t never = UINT64_MAX;

struct server_behaviour {
  std::uint64_t wrong_at = never;        // the byte at this offset comes back changed
  std::uint64_t extra_at = never;        // after it, three bytes that nobody sent
  std::uint64_t close_at = never;        // having received so much: half of it comes back, then EOF
  std::uint64_t reset_at = never;        // the same, then a reset
  std::uint64_t stall_at = never;        // having received so much it answers nothing more
  std::uint64_t die_at_total = never;    // closes the listener and every connection
  std::uint64_t pause_at_total = never;  // once: does nothing for pause_ns
  std::int64_t pause_ns = 0;
  std::int64_t delay_ns = 0;          // each answer leaves that much after its request came
  std::size_t piece_bytes = 0;        // answers leave in pieces of this size; 0 = whole
  std::size_t hold_bytes = 0;         // answers are held back until there is so much of them
  std::size_t receive_bytes = 65536;  // largest read
  std::string
      http_answer{};  // answers each request that ends with an empty line, instead of echoing
};

class test_server {
 public:
  explicit test_server(const server_behaviour& wanted);
  ~test_server();
  test_server(const test_server&) = delete;
  test_server& operator=(const test_server&) = delete;

  // "127.0.0.1:port"
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] std::uint64_t accepted() const noexcept {
    return accepted_.load(
        std::memory_order_relaxed);  // a count for the test's eyes; orders nothing
  }
  [[nodiscard]] std::uint64_t total_received() const noexcept {
    return total_.load(std::memory_order_relaxed);  // the same
  }

 private:
  struct delayed {
    std::int64_t due_ns;
    std::string bytes;
  };
  struct peer {
    std::uint64_t received = 0;
    std::string held;
    std::deque<delayed> queue;
    std::string out;
    bool stalled = false;
    bool closing = false;
    bool resetting = false;
  };

  void run();
  void accept_all();
  void on_readable(int fd, peer& from);
  [[nodiscard]] std::string answer_to(peer& from, std::string bytes);
  void release_due(std::int64_t now);
  void write_out(int fd, peer& to);
  void drop(int fd, bool reset);
  void die();
  [[nodiscard]] int timeout_ms() const;

  server_behaviour behaviour_;
  std::string address_;
  int listener_ = -1;
  int epoll_ = -1;
  int wake_ = -1;
  bool paused_ = false;
  bool dead_ = false;
  std::map<int, peer> peers_;
  std::atomic<std::uint64_t> accepted_{0};  // written by the server's thread, read by the test
  std::atomic<std::uint64_t> total_{0};     // the same
  std::thread thread_;
};

}  // namespace tailrace::load
