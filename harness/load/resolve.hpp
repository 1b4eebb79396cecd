// SPDX-License-Identifier: MIT
// Names become addresses, once, before anything is measured. A name may have several addresses
// (`localhost` is ::1 and 127.0.0.1 on most systems) and a server that listens on one of them: the
// first that takes a connection is used, which costs that one connection. Where there is just one
// address nothing is tried. Any thread.
#pragma once

#include <string>
#include <vector>

#include "harness/load/endpoint.hpp"

namespace tailrace::load {

// Resolves "host:port" or "[v6]:port". connect_timeout_s: for all addresses of the name together.
// Throws a refusal: bad usage with the reason, or failed where no address of several answers.
[[nodiscard]] endpoint resolve_endpoint(const std::string& text, double connect_timeout_s);
[[nodiscard]] std::vector<endpoint> resolve_endpoints(const std::vector<std::string>& texts,
                                                      double connect_timeout_s);

}  // namespace tailrace::load
