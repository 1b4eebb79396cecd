// SPDX-License-Identifier: MIT
// A process with two threads that turn a counter: it stands still, and goes on.
#include "harness/session/stopped_process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace tailrace::session {
namespace {

using counters = std::atomic<std::uint64_t>[2];

void await_more(const std::atomic<std::uint64_t>& counter) {
  const std::uint64_t before = counter;
  while (counter == before)
    ::usleep(1000);
}

TEST(stopped_process, no_thread_of_it_runs_until_the_end) {
  void* const shared =
      ::mmap(nullptr, sizeof(counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto& turns = *static_cast<counters*>(shared);
  const int child = ::fork();
  if (child == 0) {
    std::thread([&turns] {
      while (true)
        ++turns[1];
    }).detach();
    while (true)
      ++turns[0];
  }
  for (const auto& each : turns)
    await_more(each);
  for (int round = 0; round < 20; ++round) {
    const stopped_process stopped(child);
    const std::uint64_t first = turns[0];
    const std::uint64_t second = turns[1];
    ::usleep(2000);
    EXPECT_EQ(turns[0], first);
    EXPECT_EQ(turns[1], second);
  }
  for (const auto& each : turns)
    await_more(each);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::munmap(shared, sizeof(counters));
}

TEST(stopped_process, one_that_has_ended_holds_nobody_up) {
  const int child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
  {
    const stopped_process stopped(child);
  }
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace tailrace::session
