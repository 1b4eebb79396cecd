// SPDX-License-Identifier: MIT
#include "local/runtime.hpp"

namespace tailrace {
using runtime_under_test = local::runtime;
}

#include "extensions_conformance.hpp"
