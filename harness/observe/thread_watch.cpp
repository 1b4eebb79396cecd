// SPDX-License-Identifier: MIT
// See thread_watch.hpp.
#include "harness/observe/thread_watch.hpp"

#include <fmt/format.h>
#include <signal.h>

#include "harness/observe/proc_text.hpp"

namespace tailrace::observe {

thread_peak threads_now(int pid) {
  const std::string folder = fmt::format("/proc/{}/task", pid);
  thread_peak now;
  for (const int id : numeric_entries(folder)) {
    ++now.threads;
    const auto name = read_text(fmt::format("{}/{}/comm", folder, id));
    if (name.text && name.text->starts_with("iou-wrk-")) ++now.io_workers;
  }
  return now;
}

void thread_watch::watch() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // they are the main thread's
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    const thread_peak now = threads_now(pid_);
    peak_.threads = std::max(peak_.threads, now.threads);
    peak_.io_workers = std::max(peak_.io_workers, now.io_workers);
    lock.lock();
    changed_.wait_for(lock, interval, [this] { return ended_; });
  } while (!ended_);
}

void thread_watch::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace tailrace::observe
