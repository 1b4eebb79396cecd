// SPDX-License-Identifier: MIT
// HTTP answers as they come: where one ends, whether it is the right one, and whether the server
// ends the connection after it. An answer is right where its status line and the length of its
// body are those that were learnt beforehand (http_probe.hpp); the rest of its head may change from
// one to the next, and with it the length of the answer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "harness/load/message.hpp"

namespace tailrace::load {

struct http_head {
  std::string_view status_line;           // of the text that was read
  std::optional<std::size_t> body_bytes;  // Content-Length; none: the end cannot be told
  bool closes = false;                    // "Connection: close", or HTTP/1.0 without keep-alive
};

// text: from the status line to the empty line. Pure.
[[nodiscard]] http_head read_http_head(std::string_view text);

// How far the answer on one connection has come.
struct http_progress {
  std::string head;  // what came of it, while it is not whole
  std::size_t body_left = 0;
  bool in_body = false;
  bool whole = false;
  bool right = false;  // valid once the head is whole, likewise
  bool closes = false;

  void clear() noexcept {
    head.clear();
    body_left = 0;
    in_body = whole = false;
  }
};

// Reads the answers of all connections of a thread. Heads repeat: one that is byte for byte the one
// before is not read again. Cost: a comparison of the head, no allocation.
class http_reader {
 public:
  explicit http_reader(const message_format& format) : format_(&format) {}

  // Takes what belongs to the answer in progress and returns how much that was. An answer whose end
  // cannot be told, or with a head of more than 64 KiB, is whole there, wrong and the last.
  [[nodiscard]] std::size_t take(http_progress& of, const char* in, std::size_t count);

 private:
  struct verdict {
    std::size_t body_bytes = 0;
    bool right = false;
    bool closes = true;
  };
  [[nodiscard]] std::size_t take_head(http_progress& of, const char* in, std::size_t count);
  [[nodiscard]] verdict judge(std::string_view head) const;
  static void begin_body(http_progress& of, const verdict& found) noexcept;

  const message_format* format_;
  std::string last_head_;
  verdict last_;
};

}  // namespace tailrace::load
