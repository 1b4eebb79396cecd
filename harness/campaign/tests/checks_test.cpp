// SPDX-License-Identifier: MIT
// Accounting identities and gates, from hand-made load objects.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/campaign/load_check.hpp"
#include "harness/campaign/task_limit.hpp"
#include "harness/campaign/validity.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

json good_load() {
  return json::parse(R"({"connections_opened": 50, "message_bytes": 64, "extra_bytes": 0,
    "offered_per_s": 1000.0, "achieved_per_s": 995.0, "server_died": false,
    "latency_ns": {"response": {"p50": 40000}, "lateness": {"p99": 20000}},
    "counts": {"planned": 1000, "sent": 990, "skipped_late": 4, "never_sent": 6, "ok": 988,
               "wrong": 0, "errors": 0, "timed_out": 0, "in_flight": 2}})");
}

json good_counts() {
  return {{"accepted", 50},      {"closed", 50}, {"open", 0},         {"received_bytes", 64000},
          {"sent_bytes", 64000}, {"errors", 0},  {"accept_errors", 0}};
}

point fifty() {
  point work;
  work.kind = point_kind::open;
  work.connections = 50;
  return work;
}

std::string first(const std::vector<std::string>& faults) {
  return faults.empty() ? "" : faults.front();
}

TEST(load_check, good_object_has_no_fault) {
  EXPECT_EQ(first(load_faults(good_load(), fifty())), "");
}

TEST(load_check, both_identities_are_checked) {
  json load = good_load();
  load["counts"]["never_sent"] = 7;
  EXPECT_EQ(first(load_faults(load, fifty())),
            "counts do not add up: planned 1000 is not sent 990 + skipped late 4 + never sent 7");
  load = good_load();
  load["counts"]["ok"] = 989;
  EXPECT_EQ(first(load_faults(load, fifty())).substr(0, 37),
            "counts do not add up: sent 990 is not");
}

TEST(load_check, hostile_counts_are_refused) {
  for (const json& value : {json(-1), json(1.5), json("9"), json(nullptr), json(UINT64_MAX)}) {
    json load = good_load();
    load["counts"]["ok"] = value;
    EXPECT_EQ(first(load_faults(load, fifty())),
              "the load generator's count `ok` is missing or not a whole number >= 0");
  }
  EXPECT_EQ(first(load_faults(json::object(), fifty())), "the load object has no counts");
}

TEST(load_check, wrong_bytes_extra_bytes_and_death_are_faults) {
  json load = good_load();
  load["counts"]["wrong"] = 1;
  load["counts"]["ok"] = 987;
  EXPECT_EQ(first(load_faults(load, fifty())), "1 answers had a wrong payload");
  load = good_load();
  load["extra_bytes"] = 3;
  EXPECT_EQ(first(load_faults(load, fifty())), "the target sent bytes that nobody asked for");
  load = good_load();
  load["server_died"] = true;
  EXPECT_EQ(first(load_faults(load, fifty())), "the target died under load");
  load = good_load();
  load["connections_opened"] = 49;
  EXPECT_EQ(first(load_faults(load, fifty())), "49 of 50 connections could be opened");
}

TEST(count_check, accepted_is_closed_and_open) {
  EXPECT_EQ(first(count_faults(good_counts(), true)), "");
  json counts = good_counts();
  counts["accepted"] = 51;
  EXPECT_EQ(first(count_faults(counts, true)),
            "the target's counts do not add up: accepted 51 is not closed 50 + open 0");
  counts = good_counts();
  counts["sent_bytes"] = 64001;
  EXPECT_NE(first(count_faults(counts, true)), "");
  counts = good_counts();
  counts["closed"] = 49;
  counts["open"] = 1;
  EXPECT_EQ(first(count_faults(counts, false)), "");
  EXPECT_EQ(first(count_faults(counts, true)), "the target's result still has 1 connections open");
}

TEST(agreement, client_cannot_have_verified_more_than_was_sent) {
  EXPECT_EQ(first(agreement_faults(good_load(), good_counts(), fifty())), "");
  json counts = good_counts();
  counts["sent_bytes"] = 988 * 64 - 1;
  EXPECT_NE(first(agreement_faults(good_load(), counts, fifty())), "");
  counts = good_counts();
  counts["accepted"] = 49;
  EXPECT_EQ(first(agreement_faults(good_load(), counts, fifty())),
            "the client opened 50 connections and the target accepted 49");
}

json hog_load() {
  json load = good_load();
  json others = load["counts"];
  json hogs = others;
  for (auto& [name, value] : hogs.items())
    value = 0;
  for (const char* name : {"planned", "sent", "ok"}) {
    hogs[name] = 30;
    load["counts"][name] = load["counts"][name].get<int>() + 30;
  }
  load["classes"]["others"] = {{"counts", others},
                               {"whole_run", {{"sent", 1100}, {"answered", 1098}}}};
  load["classes"]["hogs"] = {{"counts", hogs}, {"whole_run", {{"sent", 35}, {"answered", 34}}}};
  return load;
}

point hog_point() {
  point work = fifty();
  work.kind = point_kind::hog;
  work.workload = "hog";
  return work;
}

TEST(class_check, classes_add_up_each_and_together) {
  EXPECT_EQ(first(load_faults(hog_load(), hog_point())), "");
  EXPECT_EQ(first(load_faults(good_load(), hog_point())),
            "the load object has no counts of the class `others`");
  json load = hog_load();
  load["classes"]["hogs"]["counts"]["ok"] = 29;
  EXPECT_EQ(first(load_faults(load, hog_point())).substr(0, 45),
            "counts of hogs do not add up: sent 30 is not ");
  load["classes"]["hogs"]["counts"]["sent"] = 29;
  load["classes"]["hogs"]["counts"]["planned"] = 29;
  EXPECT_EQ(first(load_faults(load, hog_point())),
            "the classes have `planned` 1029 together, and the whole has 1030");
  load["classes"]["hogs"]["counts"] = 7;
  EXPECT_EQ(first(load_faults(load, hog_point())),
            "the load object has no counts of the class `hogs`");
}

TEST(agreement, burns_are_the_messages_of_hogs) {
  json counts = good_counts();
  counts["sent_bytes"] = 2'000'000;
  counts["received_bytes"] = 2'000'000;
  for (const int burns : {34, 35}) {
    counts["burns"] = burns;
    EXPECT_EQ(first(agreement_faults(hog_load(), counts, hog_point())), "");
  }
  for (const int burns : {0, 33, 36}) {
    counts["burns"] = burns;
    EXPECT_EQ(first(agreement_faults(hog_load(), counts, hog_point())),
              "the target burnt CPU time for " + std::to_string(burns) +
                  " messages, and its hogs sent 35, of which 34 were answered");
  }
  counts.erase("burns");
  EXPECT_EQ(first(agreement_faults(hog_load(), counts, hog_point())),
            "the target's count `burns` is missing or not a whole number >= 0");
  json load = hog_load();
  load["classes"]["hogs"].erase("whole_run");
  counts["burns"] = 34;
  EXPECT_EQ(first(agreement_faults(load, counts, hog_point())),
            "the load object does not say how much the class `hogs` sent in all");
}

TEST(agreement, under_skew_every_connection_burns) {
  json counts = good_counts();
  counts["sent_bytes"] = 2'000'000;
  point skew = hog_point();
  skew.kind = point_kind::skew;
  json load = hog_load();
  load["classes"] = {{"cold", hog_load()["classes"]["others"]},
                     {"hot", hog_load()["classes"]["hogs"]}};
  counts["burns"] = 1132;
  EXPECT_EQ(first(agreement_faults(load, counts, skew)), "");
  counts["burns"] = 34;
  EXPECT_NE(first(agreement_faults(load, counts, skew)), "");
}

std::string missed(const json& load, const gate_inputs& inputs, point_kind kind) {
  point work = fifty();
  work.kind = kind;
  std::string names;
  for (const gate& each : load_gates(load, work, inputs)) {
    if (!each.ok) names += each.name + " ";
  }
  return names;
}

TEST(gates, each_is_missed_by_its_own_cause) {
  const gate_inputs quiet;
  EXPECT_EQ(missed(good_load(), quiet, point_kind::open), "");
  json load = good_load();
  load["achieved_per_s"] = 989.0;
  EXPECT_EQ(missed(load, quiet, point_kind::open), "achieved_rate ");
  load = good_load();
  load["latency_ns"]["lateness"]["p99"] = 50'001;
  EXPECT_EQ(missed(load, quiet, point_kind::open), "send_lateness ");
  load["latency_ns"]["response"]["p50"] = 2'000'000;  // then 50 us are small against it
  EXPECT_EQ(missed(load, quiet, point_kind::open), "");
  gate_inputs busy;
  busy.foreign_cpu_share = 0.13;
  EXPECT_EQ(missed(good_load(), busy, point_kind::open), "foreign_cpu ");
  gate_inputs stolen;
  stolen.steal_share = 0.06;
  EXPECT_EQ(missed(good_load(), stolen, point_kind::open), "steal ");
  for (const point_kind kind : {point_kind::hog, point_kind::skew}) {
    load = good_load();
    load["achieved_per_s"] = 989.0;
    EXPECT_EQ(missed(load, quiet, kind), "achieved_rate ");
    load = good_load();
    load["latency_ns"]["lateness"]["p99"] = 50'001;
    EXPECT_EQ(missed(load, quiet, kind), "send_lateness ");
  }
  gate_inputs shared;
  shared.disjoint = false;
  EXPECT_EQ(missed(good_load(), shared, point_kind::open), "disjoint_cpus ");
}

TEST(gates, saturated_client_matters_only_beside_an_idle_server) {
  gate_inputs both;
  both.client_cpu_share = 0.99;
  both.server_cpu_share = 0.97;
  EXPECT_EQ(missed(good_load(), both, point_kind::closed), "");
  both.server_cpu_share = 0.70;
  EXPECT_EQ(missed(good_load(), both, point_kind::closed), "client_headroom ");
}

TEST(task_limit, counts_shrink_by_one_factor) {
  EXPECT_EQ(scaled_to({0, 100, 200}, 200), (std::vector<std::int64_t>{0, 100, 200}));
  EXPECT_EQ(scaled_to({0, 100, 200}, 100), (std::vector<std::int64_t>{0, 50, 100}));
  EXPECT_GE(thread_limit(), 16);
}

}  // namespace
}  // namespace tailrace::campaign
