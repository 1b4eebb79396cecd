// SPDX-License-Identifier: MIT
// Events become typed values, or one sentence.
#include "harness/session/target_event.hpp"

#include <gtest/gtest.h>

#include "harness/record/refusal.hpp"

namespace tailrace::session {
namespace {

std::string refused(const std::string& line) {
  try {
    read_event(line);
  } catch (const refusal& why) {
    return why.what();
  }
  return "";
}

TEST(target_event, each_kind_is_read) {
  const auto ready = std::get<ready_event>(read_event(
      R"({"event":"ready","pid":7,"addresses":["127.0.0.1:42"],"backend":"epoll","workers":2,)"
      R"("granted":{"connections_at_once":60,"trigger":"edge"}})"));
  EXPECT_EQ(ready.pid, 7);
  EXPECT_EQ(ready.addresses.front(), "127.0.0.1:42");
  EXPECT_EQ(ready.connections_at_once, 60);
  EXPECT_EQ(ready.tasks_at_once, INT64_MAX);
  EXPECT_EQ(json_of(ready).at("granted").at("trigger"), "edge");
  const auto sample =
      std::get<sample_event>(read_event(R"({"event":"sample","t_ns":9,"counts":{"open":3}})"));
  EXPECT_EQ(sample.t_ns, 9);
  EXPECT_EQ(sample.counts.at("open"), 3);
  const auto result = std::get<result_event>(
      read_event(R"({"event":"result","counts":{"a":1},"metrics":{"polls":[1,2],"stalls":0},)"
                 R"("histograms":{"read_ns":[[5,2]]}})"));
  EXPECT_EQ(result.histograms.at("read_ns").count(), 2U);
  EXPECT_EQ(json_of(result).at("metrics").at("polls").at(1), 2);
  const auto event = read_event(R"({"event":"error","message":"no","remedy":"yes"})");
  EXPECT_EQ(kind_of(event), "error");
}

TEST(target_event, each_breach_is_one_sentence) {
  EXPECT_EQ(refused("listening"), "the target printed what is not an event: \"listening\"");
  EXPECT_EQ(refused(R"({"event":"hello"})"), "the target printed the unknown event \"hello\"");
  for (const char* pid : {"0", "-1", "4294967297"}) {
    EXPECT_EQ(refused(std::string(R"({"event":"ready","addresses":[],"backend":"epoll",)") +
                      R"("workers":1,"granted":{},"pid":)" + pid + "}"),
              "`pid` of the target's event is not from 1 to 2147483647");
  }
  EXPECT_EQ(refused(R"({"event":"sample","counts":{}})"), "the target's event lacks `t_ns`");
  EXPECT_EQ(refused(R"({"event":"sample","t_ns":1.5,"counts":{}})"),
            "`t_ns` of the target's event is not an integer");
  EXPECT_EQ(refused(R"({"event":"sample","t_ns":1,"counts":{"open":-1}})"),
            "the target's count \"open\" is no integer of 0 or more");
  EXPECT_EQ(refused(R"({"event":"error","message":"","remedy":""})"),
            "the target's `error` is without a message");
  const auto metrics = [](const char* text) {
    return refused(std::string(R"({"event":"result","counts":{},"histograms":{},"metrics":{"m":)") +
                   text + "}}");
  };
  EXPECT_EQ(metrics("[1,2]"), "");
  EXPECT_EQ(metrics("{}"),
            "the target's metric \"m\" is neither an integer nor a list of integers");
  EXPECT_EQ(metrics("[[1]]"), "the target's metric \"m\" is not made of integers of 63 bits");
  EXPECT_EQ(metrics("18446744073709551615"),
            "the target's metric \"m\" is not made of integers of 63 bits");
  EXPECT_EQ(metrics("[-1]"), "the target's metric \"m\" is negative");
}

// Copying and printing such a value recurse.
TEST(target_event, deep_nesting_is_refused) {
  const auto ready = [](std::size_t depth) {
    return R"({"event":"ready","pid":7,"addresses":[],"backend":"epoll","workers":1,)"
           R"("granted":{"a":)" +
           std::string(depth, '[') + std::string(depth, ']') + "}}";
  };
  EXPECT_EQ(refused(ready(30)), "");
  EXPECT_NE(refused(ready(33)), "");
  EXPECT_EQ(refused(ready(15'000)).substr(0, 42), "the target printed what is not an event: \"");
}

}  // namespace
}  // namespace tailrace::session
