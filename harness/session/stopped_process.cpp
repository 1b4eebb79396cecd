// SPDX-License-Identifier: MIT
// See stopped_process.hpp. States of threads: proc(5), /proc/PID/stat, behind the name in
// parentheses.
#include "harness/session/stopped_process.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "harness/observe/clock.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/thread_stacks.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::session {
namespace {

constexpr double stop_limit_s = 5;
constexpr unsigned look_us = 200;

// A thread that has ended meanwhile does nothing either.
bool has_stopped(const std::string& folder, int thread) {
  const auto stat = observe::read_text(fmt::format("{}/{}/stat", folder, thread));
  if (!stat.text) return true;
  const auto name_end = stat.text->rfind(") ");
  return name_end != std::string::npos && name_end + 2 < stat.text->size() &&
         std::string_view("TtZX").contains((*stat.text)[name_end + 2]);
}

}  // namespace

stopped_process::stopped_process(int pid) : pid_(pid) {
  ::kill(pid_, SIGSTOP);
  const std::string folder = fmt::format("/proc/{}/task", pid_);
  const std::int64_t until = observe::from_now(stop_limit_s);
  for (;;) {
    const auto threads = observe::numeric_entries(folder);
    if (std::ranges::all_of(threads, [&](int each) { return has_stopped(folder, each); })) return;
    if (observe::monotonic_ns() >= until) break;
    ::usleep(look_us);
  }
  std::string sentence = observe::with_stacks("the target did not stop for a reading", pid_);
  ::kill(pid_, SIGCONT);
  throw refusal(sentence);
}

stopped_process::~stopped_process() {
  ::kill(pid_, SIGCONT);
}

}  // namespace tailrace::session
