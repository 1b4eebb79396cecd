// SPDX-License-Identifier: MIT
// See message.hpp.
#include "harness/load/message.hpp"

#include "harness/load/bug_check.hpp"

namespace tailrace::load {

message_format message_format::echo(std::size_t message_bytes, std::uint64_t seed) {
  check(message_bytes >= 1 && message_bytes <= bytes_max, "message size between 1 B and 1 MiB",
        static_cast<std::int64_t>(message_bytes), bytes_max);
  message_format made;
  made.request_bytes_ = message_bytes;
  made.answer_bytes_ = message_bytes;
  made.pattern_.resize(message_bytes + shifts + sizeof(std::uint64_t));
  random_source random(seed ^ 0x7461696c72616365U);
  for (std::size_t i = 0; i + sizeof(std::uint64_t) <= made.pattern_.size(); i += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(made.pattern_.data() + i, &word, sizeof word);
  }
  return made;
}

message_format message_format::http(std::string request, std::size_t answer_bytes,
                                    std::string answer_start) {
  check(!request.empty(), "an HTTP request has bytes");
  check(answer_bytes >= answer_start.size(), "an answer holds its own start",
        static_cast<std::int64_t>(answer_bytes), static_cast<std::int64_t>(answer_start.size()));
  message_format made;
  made.request_bytes_ = request.size();
  made.answer_bytes_ = answer_bytes;
  made.request_ = std::move(request);
  made.answer_start_ = std::move(answer_start);
  return made;
}

bool message_format::matches_http(const char* in, std::size_t offset,
                                  std::size_t count) const noexcept {
  if (offset >= answer_start_.size()) return true;
  const std::size_t part = std::min(count, answer_start_.size() - offset);
  return std::memcmp(in, answer_start_.data() + offset, part) == 0;
}

}  // namespace tailrace::load
