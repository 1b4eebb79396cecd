// SPDX-License-Identifier: MIT
// Reports polls that hold a worker for long: a thread of its own looks at all workers every half
// threshold; a worker that is in the same poll at looks at least a threshold apart is reported once
// on standard error, with the coroutine that the poll resumed, and counted. It may have awaited
// others since, and the kernel may have taken the worker's CPU away: the report says who was held
// up and since when, not who is to blame.
//
// Threads: start() and stop() belong to the owner; the counts are any thread's.
// Cost: of a worker nothing but what it counts anyway; two wake-ups a threshold.
// Source: Go's sysmon (who looks from outside), Seastar's and glommio's stall detectors (what to
// report).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "runtimes/base/single_writer_counter.hpp"

namespace tailrace::steal {

class worker;

// What one worker showed at the last looks. Times are its caller's, so that tests choose them.
class stall_watch {
 public:
  using clock = std::chrono::steady_clock;

  struct view {
    std::uint64_t polls = 0;
    std::uint64_t parks = 0;
    bool asleep = true;
    const void* running = nullptr;  // null: it has not polled yet, or has ended
  };

  explicit stall_watch(clock::duration threshold) noexcept : threshold_(threshold) {}

  // For how long its poll has been seen, where that is to be reported: once a poll.
  std::optional<clock::duration> look(const view& seen, clock::time_point now) noexcept;

 private:
  clock::duration threshold_;
  view last_;
  clock::time_point since_{};
  bool reported_ = false;
};

class stall_detector {
 public:
  // `workers` outlive it.
  stall_detector(std::span<const std::unique_ptr<worker>> workers,
                 std::chrono::nanoseconds threshold);
  ~stall_detector() { stop(); }
  stall_detector(const stall_detector&) = delete;
  stall_detector& operator=(const stall_detector&) = delete;

  // Throws std::system_error where there is no thread to be had.
  void start();
  void stop() noexcept;

  std::uint64_t stalls() const noexcept { return stalls_.get(); }
  std::uint64_t looks() const noexcept { return looks_.get(); }

 private:
  void work() noexcept;
  void look();

  const std::span<const std::unique_ptr<worker>> workers_;
  const std::chrono::nanoseconds threshold_;
  std::vector<stall_watch> watches_;  // one a worker; the detector's thread
  single_writer_counter stalls_;      // written by the detector's thread
  single_writer_counter looks_;
  std::mutex mutex_;  // guards ending_
  std::condition_variable ends_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace tailrace::steal
