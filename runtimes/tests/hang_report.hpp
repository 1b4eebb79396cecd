// SPDX-License-Identifier: MIT
// What a test that does not come on was doing, on standard error: of every thread its name, its
// system call (syscall and wchan of proc(5)) and its stack, then the notes of what lives, such as
// the metrics of the runtime under test. The kernel's own stacks only for who may read them (root).
//
// Any thread. Stacks are taken by a signal in each thread, so what blocks may return with EINTR:
// the test has failed by then.
#pragma once

#include <execinfo.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <list>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>

#include "runtimes/base/metrics.hpp"
#include "runtimes/base/symbol_name.hpp"

namespace tailrace::conformance {

// A text for the report while this object lives; made when it is needed.
class hang_note {
 public:
  explicit hang_note(std::function<std::string()> text) {
    const std::lock_guard lock(mutex_);
    at_ = all_.insert(all_.end(), std::move(text));
  }
  hang_note(const hang_note&) = delete;
  hang_note& operator=(const hang_note&) = delete;
  ~hang_note() {
    const std::lock_guard lock(mutex_);
    all_.erase(at_);
  }

  static void print_all() {
    const std::lock_guard lock(mutex_);
    for (const auto& each : all_)
      std::fprintf(stderr, "%s", each().c_str());
  }

 private:
  static inline std::mutex mutex_;  // guards all_
  static inline std::list<std::function<std::string()>> all_;
  std::list<std::function<std::string()>>::iterator at_;
};

inline std::string text_of(const runtime_metrics& metrics) {
  std::ostringstream text;
  for (std::size_t i = 0; i < metrics.workers.size(); ++i) {
    text << "  metrics of worker " << i << ':';
    for (const metric& each : metrics.workers[i])
      text << ' ' << each.name << ' ' << each.value;
    text << '\n';
  }
  text << "  metrics of the whole:";
  for (const metric& each : metrics.whole)
    text << ' ' << each.name << ' ' << each.value;
  text << '\n';
  return text.str();
}

// The stack of another thread: asked for by a signal, taken in its handler.
class foreign_stack {
 public:
  // False: the thread did not answer.
  static bool print(pid_t thread) {
    struct sigaction action{};
    action.sa_handler = &take;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGURG, &action, nullptr);
    depth_.store(0, std::memory_order_relaxed);  // relaxed: the signal orders it
    ::syscall(SYS_tgkill, ::getpid(), thread, SIGURG);
    // acquire: pairs with the release in take().
    for (int tries = 0; depth_.load(std::memory_order_acquire) == 0; ++tries) {
      if (tries == 200) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    for (int i = 2; i < depth_.load(std::memory_order_relaxed); ++i)  // relaxed: acquired above
      std::fprintf(stderr, "    %s\n", name_of_code(frames_[i]).c_str());
    return true;
  }

 private:
  static void take(int) {
    const int depth = ::backtrace(frames_, most);
    depth_.store(depth, std::memory_order_release);  // release: pairs with print()
  }

  static constexpr int most = 64;
  static inline void* frames_[most];
  static inline std::atomic<int> depth_{0};
};

inline void print_file(const std::filesystem::path& path, const char* name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    std::fprintf(stderr, "    %s: %s\n", name, line.c_str());
}

inline void report_hang(const std::string& what) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  void* load_the_unwinder[1];  // which allocates the first time: not in a signal's handler
  ::backtrace(load_the_unwinder, 1);
  std::fprintf(stderr, "hang: %s\n", what.c_str());
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task")) {
    const pid_t thread = std::stoi(each.path().filename());
    std::fprintf(stderr, "  thread %d\n", thread);
    for (const char* name : {"comm", "syscall", "wchan", "stack"})
      print_file(each.path() / name, name);
    if (thread != ::gettid() && !foreign_stack::print(thread))
      std::fprintf(stderr, "    it did not answer a signal\n");
  }
  hang_note::print_all();
}

}  // namespace tailrace::conformance
