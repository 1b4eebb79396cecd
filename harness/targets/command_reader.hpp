// SPDX-License-Identifier: MIT
// Splits what arrives on standard input into one-word commands, a line each. Lines are bounded, so
// a peer that never sends a newline costs nothing. One thread; makes no system calls.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace {

class command_reader {
 public:
  static constexpr std::size_t line_bytes_max = 256;

  void feed(std::string_view bytes) { pending_ += bytes; }
  // The next whole line without its end, or nothing. An overlong line is given once, cut short.
  std::optional<std::string> next();

 private:
  std::string pending_;
  bool discarding_ = false;  // within the rest of an overlong line
};

}  // namespace tailrace
