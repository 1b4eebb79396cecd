// SPDX-License-Identifier: MIT
// See command_reader.hpp.
#include "harness/targets/command_reader.hpp"

namespace tailrace {

std::optional<std::string> command_reader::next() {
  for (;;) {
    const std::size_t end = pending_.find('\n');
    if (discarding_) {
      if (end == std::string::npos) {
        pending_.clear();
        return std::nullopt;
      }
      pending_.erase(0, end + 1);
      discarding_ = false;
      continue;
    }
    if (end != std::string::npos && end <= line_bytes_max) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    if (end == std::string::npos && pending_.size() <= line_bytes_max) return std::nullopt;
    discarding_ = true;
    return pending_.substr(0, line_bytes_max);
  }
}

}  // namespace tailrace
