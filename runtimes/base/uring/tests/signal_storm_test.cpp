// SPDX-License-Identifier: MIT
#include "runtimes/base/uring/tests/signal_storm.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <csignal>
#include <latch>
#include <thread>

namespace tailrace::uring {
namespace {

// What a starved thread does: it takes its signals long after the storm is over.
TEST(signal_storm, leaves_no_signal_behind) {
  std::latch deaf{1};
  std::latch over{1};
  std::thread starved([&] {
    sigset_t usr1;
    ::sigemptyset(&usr1);
    ::sigaddset(&usr1, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &usr1, nullptr);
    deaf.count_down();
    over.wait();
    ::pthread_sigmask(SIG_UNBLOCK, &usr1, nullptr);
  });
  deaf.wait();
  {
    const signal_storm storm(starved.native_handle());
  }
  over.count_down();
  starved.join();
}

}  // namespace
}  // namespace tailrace::uring
