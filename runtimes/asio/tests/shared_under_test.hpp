// SPDX-License-Identifier: MIT
// The runtime under test of the suites over Asio's shared form: one io_context, four threads.
#pragma once

#include "runtimes/asio/tests/harness.hpp"

namespace tailrace {

using runtime_under_test = asio::shared_runtime;

}  // namespace tailrace
