// SPDX-License-Identifier: MIT
// Learns what one HTTP answer of a server looks like: its status line and the length of its body
// are what every answer is compared with.
#pragma once

#include <string>

#include "harness/load/endpoint.hpp"
#include "harness/load/message.hpp"

namespace tailrace::load {

// Sends one GET over a connection of its own and reads the whole answer (at most 1 MiB,
// Content-Length required). Throws refusal when the server does not answer so within
// `timeout_s`.
[[nodiscard]] message_format learn_http_answer(const endpoint& server, const std::string& path,
                                               double timeout_s);

}  // namespace tailrace::load
