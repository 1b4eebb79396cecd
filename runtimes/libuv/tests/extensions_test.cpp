// SPDX-License-Identifier: MIT
// libuv offers files, and no events.
#include "runtimes/libuv/tests/under_test.hpp"
#include "runtimes/tests/extensions_files.hpp"
