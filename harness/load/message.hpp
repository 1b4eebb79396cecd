// SPDX-License-Identifier: MIT
// What is on the wire. Echo: the bytes of message `sequence` of connection `connection` are a pure
// function of both, so that nothing needs to be kept of what was sent, partial writes are
// regenerated and every byte that comes back is compared:
//   bytes 0..7 connection, 8..15 sequence, 16..23 scramble of both, then a slice of a seeded
//   pattern whose place depends on both; below 24 bytes the message is the first bytes of three
//   scrambles of both, so that even 1 B differs from its neighbours (with probability 255/256).
// HTTP: a fixed GET; http_answer.hpp reads the answers. One object a thread (read-only after
// construction, so sharing is fine too).
// Cost: about 10 ns for 64 B.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "harness/load/random.hpp"

namespace tailrace::load {

// What every HTTP answer has to have.
struct http_shape {
  std::string status_line;
  std::size_t body_bytes = 0;
};

class message_format {
 public:
  static constexpr std::size_t bytes_max = 1U << 20;

  static message_format echo(std::size_t message_bytes, std::uint64_t seed);
  // answer_bytes: of the answer as it was learnt, head included.
  static message_format http(std::string request, std::size_t answer_bytes, http_shape answer);

  [[nodiscard]] std::size_t request_bytes() const noexcept { return request_bytes_; }
  [[nodiscard]] std::size_t answer_bytes() const noexcept { return answer_bytes_; }
  [[nodiscard]] const http_shape& http_answer() const noexcept { return http_answer_; }
  [[nodiscard]] bool is_echo() const noexcept { return request_.empty(); }

  // Writes bytes [offset, offset + count) of a request to `out`.
  void write_request(char* out, std::uint64_t connection, std::uint64_t sequence,
                     std::size_t offset, std::size_t count) const noexcept {
    if (!is_echo()) [[unlikely]] {
      std::memcpy(out, request_.data() + offset, count);
      return;
    }
    const head start(connection, sequence, request_bytes_);
    if (offset < head_bytes) {
      const std::size_t part = std::min(count, head_bytes - offset);
      std::memcpy(out, start.bytes() + offset, part);
      out += part;
      offset += part;
      count -= part;
    }
    if (count > 0) std::memcpy(out, pattern_.data() + start.shift() + offset, count);
  }

  // Whether these are bytes [offset, offset + count) of the right echo.
  [[nodiscard]] bool matches(const char* in, std::uint64_t connection, std::uint64_t sequence,
                             std::size_t offset, std::size_t count) const noexcept {
    const head start(connection, sequence, request_bytes_);
    bool same = true;
    if (offset < head_bytes) {
      const std::size_t part = std::min(count, head_bytes - offset);
      same = std::memcmp(in, start.bytes() + offset, part) == 0;
      in += part;
      offset += part;
      count -= part;
    }
    if (count == 0) return same;
    return same & (std::memcmp(in, pattern_.data() + start.shift() + offset, count) == 0);
  }

 private:
  static constexpr std::size_t head_bytes = 24;
  static constexpr std::size_t shifts = 64;

  class head {
   public:
    head(std::uint64_t connection, std::uint64_t sequence, std::size_t message_bytes) noexcept {
      const std::uint64_t mixed = scramble(connection * 0x9e3779b97f4a7c15U + sequence + 1);
      const bool whole = message_bytes >= head_bytes;
      words_[0] = whole ? connection : mixed;
      words_[1] = whole ? sequence : mixed * 0xd6e8feb86659fd93U;
      words_[2] = mixed ^ (mixed >> 29);
    }
    [[nodiscard]] const char* bytes() const noexcept {
      return reinterpret_cast<const char*>(words_);
    }
    [[nodiscard]] std::size_t shift() const noexcept { return words_[2] % shifts; }

   private:
    std::uint64_t words_[3];
  };

  std::size_t request_bytes_ = 0;
  std::size_t answer_bytes_ = 0;
  std::string request_;
  http_shape http_answer_;
  std::vector<char> pattern_;
};

}  // namespace tailrace::load
