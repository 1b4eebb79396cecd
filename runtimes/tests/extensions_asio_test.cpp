// SPDX-License-Identifier: MIT
#include "asio/runtime.hpp"

namespace tailrace {
using runtime_under_test = asio::runtime;
}

#include "extensions_conformance.hpp"
