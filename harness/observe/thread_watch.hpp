// SPDX-License-Identifier: MIT
// How many threads a process had at most while it worked, its io_uring workers (`iou-wrk-...`)
// apart: looked up every 20 ms in /proc by a thread of the harness, which stays on the harness'
// CPUs. It looks once at least; what lived for less than that may have been missed. Owner: one
// thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace tailrace::observe {

struct thread_peak {
  int threads = 0;     // all of the process, its io_uring workers too
  int io_workers = 0;  // of io_uring
};

// As of now.
thread_peak threads_now(int pid);

class thread_watch {
 public:
  explicit thread_watch(int pid) : pid_(pid), thread_([this] { watch(); }) {}
  thread_watch(const thread_watch&) = delete;
  thread_watch& operator=(const thread_watch&) = delete;
  ~thread_watch() { end(); }

  // Ends it.
  thread_peak peak() {
    end();
    return peak_;
  }

 private:
  static constexpr std::chrono::milliseconds interval{20};

  void watch();
  void end();

  int pid_;
  std::mutex mutex_;  // guards ended_
  std::condition_variable changed_;
  bool ended_ = false;
  thread_peak peak_;  // the watching thread's until it has been joined
  std::thread thread_;
};

}  // namespace tailrace::observe
