// SPDX-License-Identifier: MIT
// libuv offers files and no events.
#include "runtimes/libuv/runtime.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {
using runtime_under_test = libuv::runtime;
}

#include "runtimes/tests/extensions_files.hpp"
