// SPDX-License-Identifier: MIT
// The main of the suites over runtimes: a test that takes too long ends the process with a report
// of what hung (hang_report.hpp), before ctest ends it without a word. TAILRACE_HANG_S: how long a
// test may take; default 60 s, which is below the time-outs in CMakeLists.txt.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include "runtimes/tests/hang_report.hpp"

namespace tailrace::conformance {
namespace {

class watchdog final : public testing::EmptyTestEventListener {
 public:
  explicit watchdog(std::chrono::seconds patience)
      : patience_(patience), thread_([this] { watch(); }) {}
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;
  ~watchdog() override {
    change([this] { ending_ = true; });
    thread_.join();
  }

  void OnTestStart(const testing::TestInfo& test) override {
    change([&] { running_ = std::string(test.test_suite_name()) + "." + test.name(); });
  }
  void OnTestEnd(const testing::TestInfo&) override {
    change([this] { running_.clear(); });
  }

 private:
  template <class Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    ++changes_;
    changed_.notify_one();
  }

  void watch() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
      const auto came_on = [this, before = changes_] { return changes_ != before; };
      if (changed_.wait_for(lock, patience_, came_on) || running_.empty()) continue;
      report_hang(running_ + " has run for " + std::to_string(patience_.count()) + " s");
      std::_Exit(1);
    }
  }

  const std::chrono::seconds patience_;
  std::mutex mutex_;  // guards the four below
  std::condition_variable changed_;
  std::uint64_t changes_ = 0;
  std::string running_;  // the test; empty between two
  bool ending_ = false;
  std::thread thread_;
};

std::chrono::seconds patience_of_environment() {
  const char* const given = std::getenv("TAILRACE_HANG_S");
  return std::chrono::seconds(given != nullptr ? std::stoi(given) : 60);
}

}  // namespace
}  // namespace tailrace::conformance

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  using tailrace::conformance::watchdog;
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  listeners.Append(new watchdog(tailrace::conformance::patience_of_environment()));
  return RUN_ALL_TESTS();
}
