// SPDX-License-Identifier: MIT
#include "steal/runtime.hpp"

namespace tailrace {
using runtime_under_test = steal::runtime;
}

#include "conformance.hpp"
