// SPDX-License-Identifier: MIT
// libuv offers files and no events.
#include "conformance_harness.hpp"
#include "libuv/runtime.hpp"

namespace tailrace {
using runtime_under_test = libuv::runtime;
}

#include "extensions_files.hpp"
