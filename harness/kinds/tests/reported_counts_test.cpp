// SPDX-License-Identifier: MIT
// Accounting identities and validity checks, from hand-made load objects.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/campaign/load_process.hpp"
#include "harness/campaign/profile.hpp"
#include "harness/campaign/validity.hpp"
#include "harness/kinds/phase_noise.hpp"
#include "harness/kinds/registry.hpp"
#include "harness/kinds/reported_counts.hpp"
#include "harness/kinds/task_limit.hpp"
#include "harness/kinds/under_load.hpp"

namespace tailrace::kinds {
namespace {

using nlohmann::json;

json good_load() {
  return json::parse(R"({"connections_opened": 50, "message_bytes": 64, "extra_bytes": 0,
    "offered_per_s": 1000.0, "achieved_per_s": 995.0, "server_died": false,
    "latency_ns": {"response": {"p50": 40000}, "client_delay": {"p99": 20000}},
    "counts": {"planned": 1000, "sent": 990, "skipped_late": 4, "never_sent": 6, "ok": 988,
               "wrong": 0, "errors": 0, "timed_out": 0, "in_flight": 2}})");
}

session::count_map good_counts() {
  return {{"accepted", 50},      {"closed", 50}, {"open", 0},         {"received_bytes", 64000},
          {"sent_bytes", 64000}, {"errors", 0},  {"accept_errors", 0}};
}

std::string first(const std::vector<std::string>& faults) {
  return faults.empty() ? "" : faults.front();
}

TEST(load_counts, good_object_has_no_fault) {
  EXPECT_EQ(first(load_faults(good_load(), 50)), "");
}

TEST(load_counts, both_identities_are_checked) {
  json load = good_load();
  load["counts"]["never_sent"] = 7;
  EXPECT_EQ(first(load_faults(load, 50)),
            "counts do not add up: planned 1000 is not sent 990 + skipped late 4 + never sent 7");
  load = good_load();
  load["counts"]["ok"] = 989;
  EXPECT_EQ(first(load_faults(load, 50)).substr(0, 37), "counts do not add up: sent 990 is not");
}

TEST(load_counts, hostile_counts_are_refused) {
  for (const json& value : {json(-1), json(1.5), json("9"), json(nullptr), json(UINT64_MAX)}) {
    json load = good_load();
    load["counts"]["ok"] = value;
    EXPECT_EQ(first(load_faults(load, 50)),
              "the load generator's count `ok` is missing or not a whole number >= 0");
  }
  EXPECT_EQ(first(load_faults(json::object(), 50)), "the load object has no counts");
}

TEST(load_counts, wrong_bytes_extra_bytes_and_death_are_faults) {
  json load = good_load();
  load["counts"]["wrong"] = 1;
  load["counts"]["ok"] = 987;
  EXPECT_EQ(first(load_faults(load, 50)), "1 answers had a wrong payload");
  load = good_load();
  load["extra_bytes"] = 3;
  EXPECT_EQ(first(load_faults(load, 50)), "the target sent bytes that nobody asked for");
  load = good_load();
  load["all_connections_lost"] = true;
  EXPECT_EQ(first(load_faults(load, 50)), "the target ended every connection under load");
  load["server_died"] = true;
  EXPECT_EQ(first(load_faults(load, 50)), "the target died under load");
  load = good_load();
  load["connections_opened"] = 49;
  EXPECT_EQ(first(load_faults(load, 50)), "49 of 50 connections could be opened");
}

TEST(target_counts, accepted_is_closed_and_open) {
  EXPECT_EQ(first(count_faults(good_counts())), "");
  session::count_map counts = good_counts();
  counts["accepted"] = 51;
  EXPECT_EQ(first(count_faults(counts)),
            "the target's counts do not add up: accepted 51 is not closed 50 + open 0");
  counts = good_counts();
  counts["sent_bytes"] = 64001;
  EXPECT_NE(first(count_faults(counts)), "");
  counts = good_counts();
  counts["closed"] = 49;
  counts["open"] = 1;
  EXPECT_EQ(first(count_faults(counts)), "the target's result still has 1 connections open");
  counts = good_counts();
  counts["refused"] = 2;
  EXPECT_EQ(first(count_faults(counts)), "2 tasks of the target were not let sleep");
}

TEST(agreement, client_cannot_have_verified_more_than_was_sent) {
  EXPECT_EQ(first(agreement_faults(good_load(), good_counts())), "");
  session::count_map counts = good_counts();
  counts["sent_bytes"] = 988 * 64 - 1;
  EXPECT_NE(first(agreement_faults(good_load(), counts)), "");
  counts = good_counts();
  counts["accepted"] = 49;
  EXPECT_EQ(first(agreement_faults(good_load(), counts)),
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

const std::vector<std::string> hog_classes = {"others", "hogs"};

TEST(class_counts, classes_add_up_each_and_together) {
  EXPECT_EQ(first(load_faults(hog_load(), 50, hog_classes)), "");
  EXPECT_EQ(first(load_faults(good_load(), 50, hog_classes)),
            "the load object has no counts of the class `others`");
  json load = hog_load();
  load["classes"]["hogs"]["counts"]["ok"] = 29;
  EXPECT_EQ(first(load_faults(load, 50, hog_classes)).substr(0, 45),
            "counts of hogs do not add up: sent 30 is not ");
  load["classes"]["hogs"]["counts"]["sent"] = 29;
  load["classes"]["hogs"]["counts"]["planned"] = 29;
  EXPECT_EQ(first(load_faults(load, 50, hog_classes)),
            "the classes have `planned` 1029 together, and the whole has 1030");
  load["classes"]["hogs"]["counts"] = 7;
  EXPECT_EQ(first(load_faults(load, 50, hog_classes)),
            "the load object has no counts of the class `hogs`");
}

TEST(burns, are_the_messages_of_the_burning_classes) {
  session::count_map counts = good_counts();
  for (const int burns : {34, 35}) {
    counts["burns"] = burns;
    EXPECT_EQ(first(burn_faults(hog_load(), counts, {"hogs"})), "");
  }
  for (const int burns : {0, 33, 36}) {
    counts["burns"] = burns;
    EXPECT_EQ(first(burn_faults(hog_load(), counts, {"hogs"})),
              "the target burnt CPU time for " + std::to_string(burns) +
                  " messages, and its hogs sent 35, of which 34 were answered");
  }
  counts["burns"] = 1132;
  EXPECT_EQ(first(burn_faults(hog_load(), counts, hog_classes)), "");
  counts.erase("burns");
  EXPECT_EQ(first(burn_faults(hog_load(), counts, {"hogs"})),
            "the target's count `burns` is missing");
  json load = hog_load();
  load["classes"]["hogs"].erase("whole_run");
  counts["burns"] = 34;
  EXPECT_EQ(first(burn_faults(load, counts, {"hogs"})),
            "the load object does not say how much the class `hogs` sent in all");
}

std::string failed(const std::vector<campaign::validity_check>& checks) {
  std::string names;
  for (const campaign::validity_check& each : checks) {
    EXPECT_NO_THROW(campaign::spoiled_by(each.name));
    if (!each.ok) names += each.name + " ";
  }
  return names;
}

TEST(load_checks, each_fails_by_its_own_cause) {
  constexpr campaign::slice_shares kept_up = {.achieved = 0.99};
  EXPECT_EQ(failed(load_checks(good_load(), true, kept_up)), "");
  EXPECT_EQ(failed(load_checks(good_load(), true, {.achieved = 0.989})), "achieved_rate ");
  json load = good_load();
  load["latency_ns"]["lateness"]["p99"] = 89'000;  // the server's doing, where the client's is not
  EXPECT_EQ(failed(load_checks(load, true, kept_up)), "");
  load["latency_ns"]["client_delay"]["p99"] = 89'000;
  EXPECT_EQ(failed(load_checks(load, true, kept_up)), "send_lateness ");
  EXPECT_EQ(campaign::failed_text(load_checks(load, true, kept_up)),
            "p99 send delay 89 µs exceeds the 50 µs limit");
  load["latency_ns"]["response"]["p99"] = 1'000'000;  // then 89 us are small against it
  EXPECT_EQ(failed(load_checks(load, true, kept_up)), "");
}

TEST(load_checks, of_a_slice_the_client_is_late_by_the_same_limits) {
  const auto parsed = [](const char* kind) {
    const std::string text = "contestants = [\"local\"]\n[[point]]\nkind = ";
    return campaign::parse_profile(text + kind, "p.toml", all()).points.front();
  };
  const campaign::point open_point = parsed("\"open\"\nrate_per_s = 1000\n");
  const campaign::sliced_work& open = *open_point.work->sliced();
  EXPECT_FALSE(open.client_late({.client_delay_p99_ns = 50'000}));
  EXPECT_TRUE(open.client_late({.client_delay_p99_ns = 50'001}));
  EXPECT_FALSE(open.client_late({.p99_ns = 1'000'000, .client_delay_p99_ns = 89'000}));
  EXPECT_FALSE(open.client_late({.send_delay_p99_ns = 89'000})) << "the server's doing";
  const campaign::point closed = parsed("\"closed\"\n");
  EXPECT_FALSE(closed.work->sliced()->client_late({.client_delay_p99_ns = 89'000}));
}

TEST(load_checks, saturated_client_matters_only_beside_an_idle_server) {
  EXPECT_EQ(failed(load_checks(good_load(), false, {.server = 0.85, .client = 0.99})), "");
  EXPECT_EQ(failed(load_checks(good_load(), false, {.server = 0.70, .client = 0.99})),
            "client_headroom ");
}

TEST(phase_noise, has_the_time_that_stood_still_for_a_quota) {
  machine_edge begin;
  machine_edge end;
  end.machine.at_ns = 1'000'000'000;
  EXPECT_EQ(noise_between(begin, end).throttled_share, 0);
  begin.throttled = {.times = 3, .ns = 100'000'000};
  end.throttled = {.times = 5, .ns = 250'000'000};
  const observe::phase_noise noise = noise_between(begin, end);
  EXPECT_DOUBLE_EQ(noise.throttled_share, 0.15);
  EXPECT_DOUBLE_EQ(noise_json(noise, 0).at("throttled_share").get<double>(), 0.15);
}

TEST(task_limit, counts_shrink_by_one_factor) {
  EXPECT_EQ(scaled_to({0, 100, 200}, 200), (std::vector<std::int64_t>{0, 100, 200}));
  EXPECT_EQ(scaled_to({0, 100, 200}, 100), (std::vector<std::int64_t>{0, 50, 100}));
  EXPECT_EQ(threads_for_tasks({400, "pids.max", ""}), 200);
  EXPECT_EQ(threads_for_tasks({0, "pids.max", ""}), 16)
      << "where nothing is left, too few to matter";
}

}  // namespace
}  // namespace tailrace::kinds
