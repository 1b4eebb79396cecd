// SPDX-License-Identifier: MIT
// Every check is seen passing on a conforming target and failing on one that breaks what it checks.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "harness/conform/tests/conform_outcome.hpp"

namespace tailrace {
namespace {

class fault_caught : public testing::TestWithParam<fault_case> {};

TEST_P(fault_caught, by_its_check) {
  expect_caught(TAILRACE_FAULTY_TARGET, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    every, fault_caught,
    testing::Values(
        fault_case{"describe-garbage", "describes_itself", "not a JSON object"},
        fault_case{"describe-empty", "describes_itself", "printed nothing"},
        fault_case{"describe-incomplete", "describes_itself", "lacks `family`"},
        fault_case{"describe-fails", "describes_itself", "exited with 1"},
        fault_case{"describe-hangs", "describes_itself", "did not end within"},
        fault_case{"takes-anything", "refuses_bad_usage", "exit code 0"},
        fault_case{"refuses-in-silence", "refuses_bad_usage", "nothing on standard error"},
        fault_case{"unavailable-in-silence", "says_why_unavailable", "'error' event was due"},
        fault_case{"never-ready", "gets_ready", "`ready` within"},
        fault_case{"dies-at-start", "gets_ready", "before it answered with `ready`"},
        fault_case{"prints-garbage", "gets_ready", "not an event: \"listening ...\""},
        fault_case{"prints-unknown-event", "gets_ready", "unknown event \"hello\""},
        fault_case{"prints-endless-line", "gets_ready", "a line of more than"},
        fault_case{"wrong-pid", "gets_ready", "was started"},
        fault_case{"bad-address", "gets_ready", "has no port"},
        fault_case{"no-address", "gets_ready", "without an address"},
        fault_case{"ignores-host", "gets_ready", "cannot connect to 127.0.0.2"},
        fault_case{"ignores-cpus", "keeps_to_its_cpus", "a thread may use"},
        fault_case{"wrong-bytes@200", "single_bytes", "byte 200 came back as"},
        fault_case{"extra-bytes@299", "single_bytes", "more bytes came back"},
        fault_case{"wrong-bytes@3000", "split_message", "byte 3000 came back as"},
        fault_case{"wrong-bytes@300000", "coalesced_messages", "byte 300000 came back as"},
        fault_case{"wrong-bytes@4000000", "large_messages", "byte 4000000 came back as"},
        fault_case{"loses-unsent", "late_reader", "came back as"},
        fault_case{"closes-at-fin", "half_close", "ended"},
        fault_case{"buffers-all", "backpressure", "256 MiB were taken", "private memory grew"},
        fault_case{"dies-of-reset", "reset_hurts_no_other", "exited with 7"},
        fault_case{"miscounts-resets", "reset_hurts_no_other", "'resets' is 0"},
        fault_case{"ignores-connections", "many_connections", "in time"},
        fault_case{"leaks-descriptors", "churn", "500 more descriptors"},
        fault_case{"dies-of-descriptors", "out_of_descriptors", "exited with 7"},
        fault_case{"spins-for-descriptors", "out_of_descriptors", "spins"},
        fault_case{"stays-deaf", "out_of_descriptors", "never accepted"},
        fault_case{"one-worker", "two_workers", "2 workers"},
        fault_case{"ignores-port", "port_in_use", "'ready' event came"},
        fault_case{"wrong-sum", "samples_add_up", "is not closed"},
        fault_case{"missing-count", "samples_add_up", "lack 'accepted'"},
        fault_case{"shrinking-counts", "samples_add_up", "is not 0"},
        fault_case{"wrong-bytes-count", "samples_add_up", "stays at 384"},
        fault_case{"wrong-clock", "samples_tell_the_time", "CLOCK_MONOTONIC"},
        fault_case{"dies-of-start", "unknown_commands", "output ended", "before `fly`"},
        fault_case{"ignores-stop", "stop_under_load", "still open"},
        fault_case{"fails-at-end", "stop_under_load", "failed at the end"},
        fault_case{"open-in-result", "stop_with_idle_connections", "1 connections open"},
        fault_case{"keeps-serving", "stop_with_idle_connections", "within"},
        fault_case{"keeps-serving", "stop_with_a_stuck_connection", "within"},
        fault_case{"metrics-short-list", "metrics_have_their_shape", "1 entries for 2 workers"},
        fault_case{"metrics-negative", "metrics_have_their_shape", "\"steals\" is negative"},
        fault_case{"metrics-objects", "metrics_have_their_shape", "neither an integer nor a list"},
        fault_case{"metrics-nested", "metrics_have_their_shape",
                   "\"polls\" is not made of integers"},
        fault_case{"metrics-one-for-all", "metrics_have_their_shape",
                   "\"polls\" is of each worker"},
        fault_case{"metrics-split", "metrics_have_their_shape",
                   "\"tasks_spawned\" is of the whole"},
        fault_case{"outlives-input", "input_closed", "not ended in time"},
        fault_case{"ignores-sigterm", "terminated", "not ended in time"},
        fault_case{"sleepers-unasked", "idle_serves", "nobody asked for"},
        fault_case{"no-sleepers", "idle_tasks", "0 of 1000"},
        fault_case{"sleepers-in-result", "idle_tasks", "in the result"},
        fault_case{"hog-never-burns", "hog_burns_once_a_message", "'burns' stays at 0"},
        fault_case{"hog-burns-a-read", "hog_burns_once_a_message", "'burns' stays at"},
        fault_case{"hog-lacks-burns", "hog_burns_once_a_message", "lack 'burns'"},
        fault_case{"hog-without-options", "hog_burns_once_a_message", "without an option"},
        fault_case{"hog-burns-on", "hog_stops_inside_burn", "within"},
        fault_case{"hog-waits-for-messages", "hog_spares_others", "in time"},
        fault_case{"hog-burns-for-all", "hog_spares_others", "CPU time was burnt", "in time"}));

TEST(conform, passes_a_conforming_target_and_skips_only_what_it_has_not) {
  ::setenv("TAILRACE_FAULT", "none", 1);
  const outcome seen = conform({TAILRACE_FAULTY_TARGET, "--json"});
  EXPECT_EQ(seen.exit_code, 0) << seen.text;
  const json object = json::parse(seen.text);
  EXPECT_EQ(object["id"], "faulty");
  EXPECT_EQ(object["ok"], true);
  for (const json& each : object["checks"]) {
    const std::string name = each["name"];
    const bool skips =
        name == "says_why_unavailable" || name.starts_with("timer_") || name.starts_with("file_");
    EXPECT_EQ(each["status"], skips ? "skipped" : "ok") << each;
  }
}

TEST(conform, skips_the_rest_of_an_unavailable_target) {
  ::setenv("TAILRACE_FAULT", "unavailable", 1);
  const outcome seen = conform({TAILRACE_FAULTY_TARGET, "--json"});
  EXPECT_EQ(seen.exit_code, 0) << seen.text;
  EXPECT_EQ(check_named(seen.text, "says_why_unavailable")["status"], "ok");
  EXPECT_EQ(check_named(seen.text, "gets_ready")["status"], "skipped");
}

TEST(conform, form_checks_are_those_that_options_can_change) {
  ::setenv("TAILRACE_FAULT", "none", 1);
  const outcome seen = conform({TAILRACE_FAULTY_TARGET, "--form-checks", "--json"});
  EXPECT_EQ(seen.exit_code, 0) << seen.text;
  for (const char* name : {"gets_ready", "late_reader", "out_of_descriptors", "stop_under_load"})
    EXPECT_EQ(check_named(seen.text, name)["status"], "ok") << name;
  for (const char* name : {"refuses_bad_usage", "port_in_use", "terminated"})
    EXPECT_EQ(check_named(seen.text, name)["status"], "absent") << name;
}

TEST(conform, prints_a_line_a_check) {
  ::setenv("TAILRACE_FAULT", "wrong-bytes@200", 1);
  const outcome seen = conform({TAILRACE_FAULTY_TARGET, "--only", "single_bytes"});
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_NE(seen.text.find("FAILED  single_bytes"), std::string::npos) << seen.text;
  EXPECT_NE(seen.text.find("ok      gets_ready"), std::string::npos) << seen.text;
}

TEST(conform, fails_programs_that_are_no_targets_in_bounded_time) {
  for (const char* program : {"/bin/true", "/bin/false", "/bin/cat", "/usr/bin/yes"}) {
    const outcome seen = conform({program, "--json", "--patience-s", "1", "--timeout-s", "20"});
    EXPECT_EQ(seen.exit_code, 1) << program;
    EXPECT_EQ(check_named(seen.text, "describes_itself")["status"], "failed") << program;
    EXPECT_EQ(check_named(seen.text, "stop_under_load")["status"], "skipped") << program;
  }
}

TEST(conform, ends_when_its_time_is_up) {
  ::setenv("TAILRACE_FAULT", "ignores-stop", 1);
  const outcome seen = conform({TAILRACE_FAULTY_TARGET, "--json", "--timeout-s", "1"});
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_NE(check_named(seen.text, "terminated")["why"], "") << seen.text;
}

// While a client waits for an answer.
TEST(conform, ends_on_ctrl_c) {
  ::setenv("TAILRACE_FAULT", "ignores-connections", 1);
  const auto interrupted_run = [] {
    std::thread([] {
      ::sleep(2);
      ::kill(::getpid(), SIGINT);
    }).detach();
    const std::vector<std::string> words = {TAILRACE_FAULTY_TARGET, "--only", "many_connections",
                                            "--patience-s", "40"};
    ::_exit(conform(words).exit_code);
  };
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EXIT(interrupted_run(), testing::ExitedWithCode(130), "interrupted");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(conform, refuses_bad_usage_with_one_sentence) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"/no/such/file"},
      {"/etc/passwd"},
      {TAILRACE_FAULTY_TARGET, "--fly"},
      {TAILRACE_FAULTY_TARGET, "--timeout-s", "0"},
      {TAILRACE_FAULTY_TARGET, "--only", "no_such_check"},
      {TAILRACE_FAULTY_TARGET, "another"},
  };
  for (const auto& words : cases) {
    testing::internal::CaptureStderr();
    const outcome seen = conform(words);
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_EQ(seen.exit_code, 2) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  }
}

}  // namespace
}  // namespace tailrace
