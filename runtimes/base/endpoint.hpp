// SPDX-License-Identifier: MIT
// Where to listen, and what a refused start looks like. Plain values.
#pragma once

#include <cstdint>
#include <string>

namespace tailrace {

// Where to listen. Numeric IPv4 address; port 0: any. shared: several listeners may bind the same
// port (SO_REUSEPORT) and the kernel spreads connections over them.
struct endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool shared = false;
};

// A failed start: errno and the sentence that says what was refused and the remedy.
struct start_error {
  int error = 0;
  std::string message;
};

}  // namespace tailrace
