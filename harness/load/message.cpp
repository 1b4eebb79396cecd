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
                                    http_shape answer) {
  check(!request.empty(), "an HTTP request has bytes");
  message_format made;
  made.request_bytes_ = request.size();
  made.answer_bytes_ = answer_bytes;
  made.request_ = std::move(request);
  made.http_answer_ = std::move(answer);
  return made;
}

}  // namespace tailrace::load
