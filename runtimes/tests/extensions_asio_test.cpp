// SPDX-License-Identifier: MIT
#include "runtimes/asio/runtime.hpp"

namespace tailrace {
using runtime_under_test = asio::runtime;
}

#include "runtimes/tests/extensions_conformance.hpp"
