// SPDX-License-Identifier: MIT
// Signals for one thread while a test goes on. One at a time in a process: the handler of SIGUSR1
// is the process's.
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <latch>
#include <thread>

namespace tailrace::uring {

// Interrupts a thread again and again, so that its system calls end with EINTR, from now on until
// destroyed.
class signal_storm {
 public:
  explicit signal_storm(pthread_t target) : target_(target) {
    struct sigaction nothing{};
    nothing.sa_handler = [](int) {};  // without SA_RESTART
    ::sigaction(SIGUSR1, &nothing, &before_);
    thread_ = std::thread([this] {
      while (!over_.load(std::memory_order_relaxed)) {  // relaxed: only a request to end
        ::pthread_kill(target_, SIGUSR1);
        if (sent_++ == 0) began_.count_down();
        std::this_thread::sleep_for(std::chrono::microseconds(20));
      }
    });
    began_.wait();
  }
  ~signal_storm() {
    over_.store(true, std::memory_order_relaxed);  // relaxed: see above
    thread_.join();
    // A signal may wait for a thread that had no turn yet, and before the storm it meant death: to
    // ignore it throws it away.
    struct sigaction ignored{};
    ignored.sa_handler = SIG_IGN;
    ::sigaction(SIGUSR1, &ignored, nullptr);
    ::sigaction(SIGUSR1, &before_, nullptr);
  }

 private:
  pthread_t target_;
  struct sigaction before_{};
  std::atomic<bool> over_{false};
  std::latch began_{1};
  std::uint64_t sent_ = 0;
  std::thread thread_;
};

}  // namespace tailrace::uring
