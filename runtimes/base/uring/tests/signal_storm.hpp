// SPDX-License-Identifier: MIT
// Signals for one thread while a test goes on. One at a time in a process: the handler of SIGUSR1
// is the process's.
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace tailrace::uring {

// Interrupts a thread again and again, so that its system calls end with EINTR, until destroyed.
// The first has been sent when it is made.
class signal_storm {
 public:
  explicit signal_storm(pthread_t target) : target_(target) {
    struct sigaction nothing{};
    nothing.sa_handler = [](int) {};  // without SA_RESTART
    ::sigaction(SIGUSR1, &nothing, &before_);
    thread_ = std::thread([this] {
      while (!over_.load(std::memory_order_relaxed)) {  // relaxed: only a request to end
        ::pthread_kill(target_, SIGUSR1);
        blowing_.store(true, std::memory_order_relaxed);  // relaxed: see below
        std::this_thread::sleep_for(std::chrono::microseconds(20));
      }
    });
    // On a starved machine the test could be over before. relaxed: nothing else is handed over.
    while (!blowing_.load(std::memory_order_relaxed))
      std::this_thread::yield();
  }
  ~signal_storm() {
    over_.store(true, std::memory_order_relaxed);  // relaxed: see above
    thread_.join();
    ::sigaction(SIGUSR1, &before_, nullptr);
  }

 private:
  pthread_t target_;
  struct sigaction before_{};
  std::atomic<bool> over_{false};
  std::atomic<bool> blowing_{false};  // a signal has been sent
  std::thread thread_;
};

}  // namespace tailrace::uring
