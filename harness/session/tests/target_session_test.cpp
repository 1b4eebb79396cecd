// SPDX-License-Identifier: MIT
// What the harness says of targets that break the protocol.
#include "harness/session/target_session.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "harness/session/cell_failure.hpp"

namespace tailrace::session {
namespace {

class broken_target : public testing::Test {
 protected:
  // The sentence of the failure of a whole life: ready, sample, stop; "" when all went well.
  std::string life_of(const std::string& script) {
    target_request request;
    request.program = TAILRACE_FAKE_TARGET;
    request.options = {{"script", script}};
    target_limits limits;
    limits.ready_s = script == "never-ready" ? 0.3 : 20;
    limits.stop_s = script == "ignores-stop" || script == "lingers" ? 0.3 : 20;
    output_pump pump;
    target_session target(pump, request, limits);
    pid_ = target.pid();
    try {
      target.wait_ready();
      target.sample();
      if (script == "works-forever") target.await_result(0.3);
      target.stop();
    } catch (const cell_failure& failure) {
      remedy_ = failure.remedy();
      skipped_ = failure.skipped();
      return failure.what();
    }
    return "";
  }

  void TearDown() override { EXPECT_EQ(::kill(pid_, 0), -1) << "the target was left behind"; }

  int pid_ = -1;
  std::string remedy_;
  bool skipped_ = false;
};

TEST_F(broken_target, good_one_has_no_failure) {
  EXPECT_EQ(life_of("good"), "");
}

TEST_F(broken_target, garbage_is_quoted_without_its_control_characters) {
  EXPECT_EQ(life_of("garbage"), "the target printed what is not an event: \"this is not json ??\"");
}

TEST_F(broken_target, never_ready_is_given_up) {
  EXPECT_EQ(life_of("never-ready"), "the target did not answer with `ready` within 0.3 s");
}

TEST_F(broken_target, death_before_ready_names_the_signal) {
  EXPECT_EQ(life_of("dies-at-once"),
            "the target was ended by signal 6 (Aborted) before it answered with `ready`");
}

TEST_F(broken_target, huge_line_is_bounded) {
  EXPECT_EQ(life_of("huge-line"), "the target printed a line of more than 4194304 bytes");
}

TEST_F(broken_target, flood_of_lines_is_refused) {
  EXPECT_EQ(life_of("floods").substr(0, 43), "the target printed what is not an event: \"x");
}

TEST_F(broken_target, event_out_of_turn_is_named) {
  EXPECT_EQ(life_of("wrong-event"),
            "the target printed the event \"sample\" where `ready` was due");
}

TEST_F(broken_target, error_event_gives_its_message_and_remedy) {
  EXPECT_EQ(life_of("port-in-use"), "the target says: port 80 is in use");
  EXPECT_EQ(remedy_, "give another --port");
  EXPECT_FALSE(skipped_);
}

TEST_F(broken_target, exit_code_3_is_a_skip) {
  EXPECT_EQ(life_of("unsupported"), "the target says: the kernel is too old");
  EXPECT_TRUE(skipped_);
}

TEST_F(broken_target, ignored_stop_is_given_up) {
  EXPECT_EQ(life_of("ignores-stop"), "the target did not answer with `result` within 0.3 s");
}

// Of itself it gives no result, as a run in the target that hangs.
TEST_F(broken_target, work_without_end_is_given_up) {
  EXPECT_EQ(life_of("works-forever"), "the target did not answer with `result` within 0.3 s");
}

TEST_F(broken_target, result_without_exit_is_given_up) {
  EXPECT_EQ(life_of("lingers"), "the target did not exit within 0.3 s of its `result`");
}

TEST_F(broken_target, other_exit_code_after_the_result_is_a_failure) {
  EXPECT_EQ(life_of("exits-7"), "the target exited with 7 after its `result`");
}

TEST_F(broken_target, truncated_result_is_no_event) {
  EXPECT_EQ(life_of("garbage-result"), "the target printed what is not an event: \"[1, 2\"");
}

TEST(target_session, absent_program_is_one_sentence) {
  output_pump pump;
  target_request request;
  request.program = "/nonexistent/target";
  try {
    const target_session target(pump, request, {});
    FAIL() << "it was started";
  } catch (const cell_failure& failure) {
    EXPECT_STREQ(failure.what(),
                 "/nonexistent/target cannot be executed: No such file or directory");
  }
}

TEST(require_room, skips_what_is_more_than_the_target_says_it_has_room_for) {
  const nlohmann::json sixty = {{"granted", {{"connections_at_once", 60}}}};
  EXPECT_NO_THROW(require_room(sixty, "connections", 60));
  EXPECT_NO_THROW(require_room(sixty, "tasks", 61));
  EXPECT_NO_THROW(require_room({{"granted", nlohmann::json::object()}}, "tasks", 10'000));
  EXPECT_NO_THROW(require_room({{"granted", {{"tasks_at_once", "many"}}}}, "tasks", 10'000));
  try {
    require_room(sixty, "connections", 61);
    FAIL() << "61 are more than 60";
  } catch (const cell_failure& failure) {
    EXPECT_TRUE(failure.skipped());
    EXPECT_STREQ(failure.what(), "it has room for 60 connections at once, and 61 are asked for");
  }
}

}  // namespace
}  // namespace tailrace::session
