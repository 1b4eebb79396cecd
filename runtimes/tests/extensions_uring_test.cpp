// SPDX-License-Identifier: MIT
#include "runtimes/tests/conformance_uring_options.hpp"

namespace tailrace {
static_assert(runtime_under_test::id == "uring");
}

#include "runtimes/tests/extensions_conformance.hpp"
