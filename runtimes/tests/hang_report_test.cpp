// SPDX-License-Identifier: MIT
// A test that hangs, on purpose: CMakeLists.txt expects the report of the watchdog.
#include "runtimes/local/runtime.hpp"
#include "runtimes/tests/conformance_harness.hpp"

namespace tailrace {
using runtime_under_test = local::runtime;
}  // namespace tailrace

#include "runtimes/tests/conformance_server.hpp"

namespace tailrace::conformance {
namespace {

task<void> sleep_for_ever(R& runtime) {
  const io_result slept = co_await runtime.sleep_until(steady_time::max());
  EXPECT_TRUE(slept.cancelled());
}

TEST(hang, is_reported) {
  on_thread running([](R& runtime) { return sleep_for_ever(runtime); });
  running.join();
}

}  // namespace
}  // namespace tailrace::conformance
