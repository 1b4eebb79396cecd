// SPDX-License-Identifier: MIT
// Conformance: what a runtime counts about itself adds up, where it counts (base/metrics.hpp).
// Include only from conformance.hpp.
#pragma once

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "runtimes/base/metrics.hpp"
#include "runtimes/tests/conformance_time.hpp"

namespace tailrace::conformance {

inline task<void> end_well(R& runtime) {
  co_await runtime.yield();
}

inline task<void> end_by_failure(R& runtime) {
  co_await runtime.yield();
  throw std::runtime_error("on purpose");
}

// Until its scope is asked to stop.
inline task<void> end_by_stop(R& runtime) {
  const io_result slept = co_await runtime.sleep_until(now() + std::chrono::hours(1));
  EXPECT_EQ(slept.error(), ECANCELED);
}

inline task<void> end_in_every_way(R& runtime) {
  const auto listening = runtime.listen({});
  EXPECT_TRUE(listening);
  scope<R> well(runtime);
  for (int i = 0; i < 3; ++i)
    well.spawn(end_well(runtime));
  co_await well.join();
  scope<R> badly(runtime);
  badly.spawn(end_by_stop(runtime));
  badly.spawn(end_by_stop(runtime));
  badly.spawn(end_by_failure(runtime));
  bool failed = false;
  try {
    co_await badly.join();
  } catch (const std::runtime_error&) {
    failed = true;
  }
  EXPECT_TRUE(failed);
}

// A template, so that a runtime without metrics() is not asked for them.
template <class Tested>
std::optional<std::uint64_t> whole_metric(const Tested& runtime, std::string_view name) {
  if constexpr (Measured<Tested>) {
    for (const metric& each : runtime.metrics().whole)
      if (each.name == name) return each.value;
  }
  return std::nullopt;
}

TEST_WHERE(Measured<R>, conformance, every_task_is_counted_once_and_by_its_end) {
  const auto runtime = harness::make();
  EXPECT_EQ(whole_metric(*runtime, "tasks_spawned"), 0);
  runtime->run(end_in_every_way(*runtime));
  EXPECT_EQ(whole_metric(*runtime, "tasks_spawned"), 7);  // main is one
  EXPECT_EQ(whole_metric(*runtime, "tasks_finished"), 7);
  EXPECT_EQ(whole_metric(*runtime, "tasks_failed"), 1);
  EXPECT_EQ(whole_metric(*runtime, "tasks_cancelled"), 2);
  for (const char* level : {"timers_armed", "open_descriptors", "inject_depth", "threads_alive"})
    EXPECT_EQ(whole_metric(*runtime, level).value_or(0), 0) << level;
}

inline task<void> listen_and_sleep(R& runtime, std::atomic<bool>& end) {
  const auto listening = runtime.listen({});
  EXPECT_TRUE(listening);
  // acquire: pairs with the test's own thread.
  while (!end.load(std::memory_order_acquire)) {
    const io_result slept = co_await runtime.sleep_until(now() + std::chrono::milliseconds(1));
    EXPECT_TRUE(slept.ok());
  }
}

// Read by another thread while it runs: what is there is seen, and nothing tears.
TEST_WHERE(Measured<R>, conformance, levels_are_seen_while_it_runs) {
  std::atomic<bool> end{false};
  on_thread running([&](R& runtime) { return listen_and_sleep(runtime, end); });
  const auto appears = [&](const char* name) {
    if (!whole_metric(running.runtime(), name)) return true;  // it has no such number
    const auto until = now() + patience;
    while (now() < until)
      if (whole_metric(running.runtime(), name) == 1) return true;
    return false;
  };
  EXPECT_TRUE(appears("open_descriptors"));
  EXPECT_TRUE(appears("timers_armed"));
  EXPECT_TRUE(appears("tasks_spawned"));
  end.store(true, std::memory_order_release);  // release: pairs with the task
  running.join();
}

}  // namespace tailrace::conformance
