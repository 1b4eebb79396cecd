// SPDX-License-Identifier: MIT
#include "threads/runtime.hpp"

namespace tailrace {
using runtime_under_test = threads::pool_runtime;
}

#include "conformance.hpp"
