// SPDX-License-Identifier: MIT
// The runtime under test of the suites over one io_context for one thread.
#pragma once

#include "runtimes/asio/tests/harness.hpp"

namespace tailrace {

using runtime_under_test = asio::runtime;

}  // namespace tailrace
