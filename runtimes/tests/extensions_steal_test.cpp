// SPDX-License-Identifier: MIT
// With TAILRACE_STEAL_ALONE set: without threads of the tests' own, so that one worker does without
// atomic read-modify-writes.
#include <cstdlib>

#include "conformance_steal_harness.hpp"

namespace tailrace {
const bool foreign_threads_under_test = std::getenv("TAILRACE_STEAL_ALONE") == nullptr;
}

#include "extensions_conformance.hpp"
