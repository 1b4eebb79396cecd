// SPDX-License-Identifier: MIT
// What the harness says of targets that break the protocol.
#include "harness/session/target_session.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <memory>

#include "harness/record/refusal.hpp"

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
    } catch (const refusal& failure) {
      remedy_ = failure.remedy();
      skipped_ = failure.exit_code() == refusal::unsupported;
      return failure.what();
    }
    return "";
  }

  // The sentence, and where each of its threads waits.
  void expect_hang(const std::string& script, const std::string& sentence) {
    const std::string cause = life_of(script);
    EXPECT_EQ(cause.substr(0, sentence.size() + 2), sentence + "; ");
    EXPECT_NE(cause.find("thread"), std::string::npos) << cause;
    EXPECT_NE(cause.find("tailrace-target"), std::string::npos) << cause;
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
  expect_hang("never-ready", "the target did not answer with `ready` within 0.3 s");
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
  EXPECT_EQ(life_of("wrong-event"), "the target's event lacks `t_ns`");
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
  expect_hang("ignores-stop", "the target did not answer with `result` within 0.3 s");
}

// Of itself it gives no result, as a run in the target that hangs.
TEST_F(broken_target, work_without_end_is_given_up) {
  expect_hang("works-forever", "the target did not answer with `result` within 0.3 s");
}

TEST_F(broken_target, result_without_exit_is_given_up) {
  expect_hang("lingers", "the target did not exit within 0.3 s of its `result`");
}

TEST_F(broken_target, other_exit_code_after_the_result_is_a_failure) {
  EXPECT_EQ(life_of("exits-7"), "the target exited with 7 after its `result`");
}

// More than a pipe holds.
TEST_F(broken_target, many_words_after_the_result_are_taken_while_its_exit_is_awaited) {
  EXPECT_EQ(life_of("ends-with-many-words"), "");
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
  } catch (const refusal& failure) {
    EXPECT_STREQ(failure.what(),
                 "/nonexistent/target cannot be executed: No such file or directory");
  }
}

TEST(target_session, three_are_alive_at_once_and_one_dies) {
  output_pump pump;
  target_request request;
  request.program = TAILRACE_FAKE_TARGET;
  target_session first(pump, request, {});
  target_session second(pump, request, {});
  request.options = {{"script", "dies-of-a-sample"}};
  auto third = std::make_unique<target_session>(pump, request, target_limits{});
  for (target_session* each : {&first, &second, third.get()})
    each->wait_ready();
  EXPECT_NE(first.address(), second.address());
  EXPECT_THROW(third->sample(), refusal);
  EXPECT_EQ(first.sample().at("open"), 0);
  third.reset();
  EXPECT_EQ(second.sample().at("open"), 0);
  EXPECT_EQ(first.stop().counts.at("accepted"), 0);
  second.require_alive("after the others");
  EXPECT_EQ(second.stop().counts.at("accepted"), 0);
}

TEST(require_room, skips_what_is_more_than_the_target_says_it_has_room_for) {
  EXPECT_NO_THROW(require_room(60, "connections", 60));
  EXPECT_NO_THROW(require_room(INT64_MAX, "tasks", 10'000));
  try {
    require_room(60, "connections", 61);
    FAIL() << "61 are more than 60";
  } catch (const refusal& failure) {
    EXPECT_EQ(failure.exit_code(), refusal::unsupported);
    EXPECT_STREQ(failure.what(), "it has room for 60 connections at once, and 61 are asked for");
  }
}

}  // namespace
}  // namespace tailrace::session
