// SPDX-License-Identifier: MIT
// What every runtime that offers the extensions (extensions.hpp) must do. One executable a runtime,
// of the same shape as for conformance.hpp:
//
//   #include "runtimes/local/runtime.hpp"
//   namespace tailrace {
//   using runtime_under_test = local::runtime;
//   }
//   #include "runtimes/tests/extensions.hpp"
//
// A runtime with foreign threads allowed by an option specialises conformance_harness::make().
// A death test runs first in a process of its own.
#pragma once

#include "runtimes/tests/extensions_blocking.hpp"
#include "runtimes/tests/extensions_channels.hpp"
#include "runtimes/tests/extensions_events.hpp"
#include "runtimes/tests/extensions_files.hpp"
