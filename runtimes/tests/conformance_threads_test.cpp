// SPDX-License-Identifier: MIT
#include "runtimes/threads/runtime.hpp"

namespace tailrace {
using runtime_under_test = threads::runtime;
}

#include "runtimes/tests/conformance.hpp"
