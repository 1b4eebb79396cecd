// SPDX-License-Identifier: MIT
// TAILRACE_URING="receive=single send=direct ..." chooses the options under test (CMakeLists.txt
// lists the matrix).
#include "runtimes/tests/conformance_uring_options.hpp"

namespace tailrace {
static_assert(runtime_under_test::id == "uring");
}

#include "runtimes/tests/conformance.hpp"
