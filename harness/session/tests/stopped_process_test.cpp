// SPDX-License-Identifier: MIT
// A process with two threads that turn a counter: it stands still, and goes on.
#include "harness/session/stopped_process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "harness/observe/clock.hpp"

namespace tailrace::session {
namespace {

using counters = std::atomic<std::uint64_t>[2];

// What a starved machine may take.
constexpr double patience_s = 30;

bool turns_on(const std::atomic<std::uint64_t>& counter) {
  const std::uint64_t before = counter;
  const std::int64_t until = observe::from_now(patience_s);
  while (counter == before && observe::monotonic_ns() < until)
    ::usleep(1000);
  return counter != before;
}

// Does `work` and ends; is killed with the object, or with this process.
class forked {
 public:
  template <class Work>
  explicit forked(const Work& work) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    work();
    ::_exit(0);
  }
  forked(const forked&) = delete;
  forked& operator=(const forked&) = delete;
  ~forked() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  int pid() const { return pid_; }

 private:
  int pid_;
};

TEST(stopped_process, no_thread_of_it_runs_until_the_end) {
  void* const shared =
      ::mmap(nullptr, sizeof(counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto& turns = *static_cast<counters*>(shared);
  const forked child([&turns] {
    std::thread([&turns] {
      while (true)
        ++turns[1];
    }).detach();
    while (true)
      ++turns[0];
  });
  ASSERT_GT(child.pid(), 0);
  for (const auto& each : turns)
    ASSERT_TRUE(turns_on(each));
  for (int round = 0; round < 20; ++round) {
    const stopped_process stopped(child.pid());
    const std::uint64_t first = turns[0];
    const std::uint64_t second = turns[1];
    ::usleep(2000);
    EXPECT_EQ(turns[0], first);
    EXPECT_EQ(turns[1], second);
  }
  for (const auto& each : turns)
    EXPECT_TRUE(turns_on(each));
  ::munmap(shared, sizeof(counters));
}

TEST(stopped_process, one_that_has_ended_holds_nobody_up) {
  const forked child([] {});
  ASSERT_GT(child.pid(), 0);
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(child.pid()), &ended, WEXITED | WNOWAIT);
  const stopped_process stopped(child.pid());
}

}  // namespace
}  // namespace tailrace::session
