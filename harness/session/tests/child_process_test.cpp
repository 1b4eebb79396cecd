// SPDX-License-Identifier: MIT
// A child that cannot be started leaves nothing behind.
#include "harness/session/child_process.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/observe/proc_text.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/target_environment.hpp"

namespace tailrace::session {
namespace {

void expect_no_child() {
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(child_process, want_of_descriptors_leaks_none) {
  const auto before = observe::open_descriptors(::getpid());
  const int next = ::dup(0);  // the lowest that is free
  ::close(next);
  rlimit usual{};
  ::getrlimit(RLIMIT_NOFILE, &usual);
  for (unsigned more = 0; more < 10; ++more) {
    const rlimit low{static_cast<rlim_t>(next) + more, usual.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
    EXPECT_THROW(child_process({.argv = {"/bin/true"}}), refusal) << more;
    ::setrlimit(RLIMIT_NOFILE, &usual);
    EXPECT_EQ(observe::open_descriptors(::getpid()), before) << more;
  }
  expect_no_child();
}

TEST(child_process, one_that_could_not_be_prepared_does_not_wait_for_ever) {
  const auto before = observe::open_descriptors(::getpid());
  child_command command{.argv = {"/bin/true"}};
  command.before_exec = [](int) { throw std::runtime_error("no counter"); };
  EXPECT_THROW(child_process{command}, std::runtime_error);
  expect_no_child();
  EXPECT_EQ(observe::open_descriptors(::getpid()), before);
}

TEST(child_process, gets_no_variable_that_would_tune_it) {
  const std::map<std::string, bool> handed_on = {{"MALLOC_ARENA_MAX", false},
                                                 {"UV_USE_IO_URING", false},
                                                 {"GOGC", false},
                                                 {"GOGCX", true},
                                                 {"JAVA_TOOL_OPTIONS", false},
                                                 {"LD_AUDITOR", true},
                                                 {"LD_BIND_NOW", false},
                                                 {"TAILRACE_SOMETHING", true}};
  for (const auto& [name, there] : handed_on)
    ::setenv(name.c_str(), "1", 1);
  EXPECT_EQ(variables_kept_from_targets(),
            (std::vector<std::string>{"GOGC", "JAVA_TOOL_OPTIONS", "LD_BIND_NOW",
                                      "MALLOC_ARENA_MAX", "UV_USE_IO_URING"}));
  for (const auto& [name, there] : handed_on) {
    child_process child({.argv = {"/bin/sh", "-c", "test \"$" + name + "\" = 1"}});
    while (!child.poll_exit())
      ::usleep(1000);
    EXPECT_EQ(exit_code(*child.poll_exit()) == 0, there) << name;
    ::unsetenv(name.c_str());
  }
}

}  // namespace
}  // namespace tailrace::session
