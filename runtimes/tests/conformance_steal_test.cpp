// SPDX-License-Identifier: MIT
#include "conformance_steal_harness.hpp"

namespace tailrace {
const bool foreign_threads_under_test = false;
}

#include "conformance.hpp"
