// SPDX-License-Identifier: MIT
// The scripted server (harness/tests/scripted_server.hpp) on a thread of the test, misbehaving as
// told: the load generator must measure and count what it does exactly. Byte offsets count what one
// connection received, totals what all did.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "harness/tests/scripted_server.hpp"

namespace tailrace::load {

inline constexpr std::uint64_t never = UINT64_MAX;

// How a connection ends with its last HTTP answer: announced in it and closed; announced, and left
// to the client to close; closed without a word; closed in place of the answer after it.
enum class http_end : std::uint8_t { announced, announced_only, silent, unanswered };

struct server_behaviour {
  std::uint64_t wrong_at = never;        // the byte at this offset comes back changed
  std::uint64_t extra_at = never;        // after it, three bytes that nobody sent
  std::uint64_t close_at = never;        // having received so much: half of it comes back, then EOF
  std::uint64_t reset_at = never;        // having received so much: a reset
  std::uint64_t stall_at = never;        // having received so much it answers nothing more
  std::uint64_t die_at_total = never;    // closes the listener and every connection
  std::uint64_t pause_at_total = never;  // once: does nothing for pause_ns
  std::int64_t pause_ns = 0;
  std::int64_t delay_ns = 0;          // each answer leaves that much after its request came
  std::int64_t end_delay_ns = 0;      // that of a connection's last answer, or of its end without
  std::size_t piece_bytes = 0;        // answers leave in pieces of this size; 0 = whole
  std::size_t hold_bytes = 0;         // answers are held back until there is so much of them
  std::size_t receive_bytes = 65536;  // largest read
  std::string
      http_answer{};  // answers each request that ends with an empty line, instead of echoing
  std::string http_last_answer{};      // the one that announces the end
  std::uint64_t http_answers = never;  // of a connection, the last included
  http_end http_ends = http_end::silent;
  std::uint64_t hang_up_after = never;  // HTTP answers of all connections: later ones get none
  int closes_after = 1 << 30;           // later connections than so many are closed on accept
};

class test_server {
 public:
  explicit test_server(const server_behaviour& wanted);
  ~test_server();
  test_server(const test_server&) = delete;
  test_server& operator=(const test_server&) = delete;

  // "127.0.0.1:port"
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] std::uint64_t accepted() const { return server_->counts().accepted; }
  // Connections that it ended itself; those that a client of ours ends are reset.
  [[nodiscard]] std::uint64_t closed() const {
    const served_counts now = server_->counts();
    return now.closed - now.resets;
  }
  [[nodiscard]] std::uint64_t total_received() const { return server_->counts().received_bytes; }

 private:
  std::string address_;
  std::unique_ptr<scripted::server> server_;
  std::thread thread_;
};

}  // namespace tailrace::load
