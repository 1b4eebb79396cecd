// SPDX-License-Identifier: MIT
// The conformance suite: what every runtime must do, whatever it is made of. One executable per
// runtime, whose only source is of this shape:
//
//   #include "runtimes/local/runtime.hpp"
//   namespace tailrace {
//   using runtime_under_test = local::runtime;
//   }
//   #include "runtimes/tests/conformance.hpp"
//
// Clients are blocking sockets in the test's own thread, the runtime has a thread of its own. A
// runtime whose sockets are not the kernel's specialises conformance_harness
// (conformance_harness.hpp) before it includes this. Where tasks run on several threads, promises
// about the order of tasks are not checked; all else is.
#pragma once

#include "runtimes/tests/conformance_load.hpp"
#include "runtimes/tests/conformance_metrics.hpp"
#include "runtimes/tests/conformance_scopes.hpp"
#include "runtimes/tests/conformance_start.hpp"
#include "runtimes/tests/conformance_stop.hpp"
#include "runtimes/tests/conformance_streams.hpp"
#include "runtimes/tests/conformance_time.hpp"
