// SPDX-License-Identifier: MIT
#include "conformance_uring_options.hpp"

namespace tailrace {
static_assert(runtime_under_test::id == "uring");
}

#include "extensions_conformance.hpp"
