// SPDX-License-Identifier: MIT
// See made_records.hpp.
#include "harness/selftest/tests/made_records.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace tailrace::selftest {

using nlohmann::json;

json counts(int planned) {
  return {{"planned", planned}, {"sent", planned}, {"skipped_late", 0},
          {"never_sent", 0},    {"ok", planned},   {"wrong", 0},
          {"errors", 0},        {"timed_out", 0},  {"in_flight", 0}};
}

namespace {

json cell(const std::string& point, const std::string& form, int block = 0) {
  return {{"block", block},
          {"status", "ok"},
          {"cause", nullptr},
          {"point", {{"id", point}}},
          {"subject", {{"id", "calibration"}, {"form", form}}},
          {"noise",
           {{"others_share", 0.0},
            {"steal_share", 0.0},
            {"kept_slices", 8},
            {"disturbed_slices", 0},
            {"disturbers", {{{"name", "kcompactd0"}, {"ms", 0.1}}}}}}};
}

// In ns.
struct latencies {
  double min, mean, p50, p90, p99, p999, max;
};

json loaded(const std::string& point, const std::string& form, const latencies& at) {
  json made = cell(point, form);
  made["point"].update({{"rate_per_s", 1000.0}, {"duration_s", 4.0}, {"slice_s", 0.5}});
  made["load"] = {{"counts", counts(4000)},
                  {"latency_ns",
                   {{"response",
                     {{"count", 4000},
                      {"min", at.min},
                      {"mean", at.mean},
                      {"p50", at.p50},
                      {"p90", at.p90},
                      {"p99", at.p99},
                      {"p99.9", at.p999},
                      {"max", at.max}}},
                    {"lateness", {{"p99", 300}, {"max", 2000}}}}}};
  return made;
}

json delayed(const std::string& form, double delay_ns, const std::string& point = "known") {
  return loaded(point, form,
                {delay_ns + 9e3, delay_ns + 12e3, delay_ns + 12e3, delay_ns + 13e3, delay_ns + 15e3,
                 delay_ns + 20e3, delay_ns + 90e3});
}

json memory(const std::string& form, double slope) {
  json made = cell("memory", form);
  made["memory"] = {{"states", {{"idle", {{"user", {{"slope_bytes", slope}}}}}}}};
  return made;
}

json metric(const std::string& name, double value) {
  return {{"name", name}, {"values", {value}}};
}

}  // namespace

json slices(const std::string& form, int block, double cpu_ns) {
  json made = cell("twice", form, block);
  made["load"] = {{"counts", counts(8000)}, {"latency_ns", {{"response", {{"count", 8000}}}}}};
  made["cost"] = {{"server", {{"cpu_us_per_op", cpu_ns / 1000}}}};
  for (int round = 0; round < 8; ++round) {
    const double jitter = 1 + 0.002 * ((round * 5 + block + static_cast<int>(form.size())) % 7 - 3);
    made["slices"].push_back({{"round", round},
                              {"kept", true},
                              {"operations", 1000},
                              {"achieved_per_s", 1e9 / cpu_ns / jitter},
                              {"p50_ns", 50 * cpu_ns * jitter},
                              {"cpu_ns", 1000 * cpu_ns * jitter}});
  }
  return made;
}

// All as it should be, as on a quiet machine.
records good() {
  records made;
  made.cells = {delayed("delay-0", 0),
                delayed("delay-100", 100e3),
                delayed("delay-200", 200e3),
                delayed("delay-1000", 1e6),
                loaded("bimodal", "delay-0", {9e3, 13e3, 12e3, 13e3, 15e3, 20e3, 90e3}),
                loaded("bimodal", "bimodal", {110e3, 160e3, 112e3, 115e3, 4e6, 5.02e6, 5.1e6}),
                loaded("stall", "stall", {20e3, 5e6, 25e3, 30e3, 90e6, 99e6, 99.9e6}),
                loaded("stop", "stop", {20e3, 2.5e6, 25e3, 30e3, 45e6, 49.5e6, 50.1e6}),
                memory("echo", 135),
                memory("hold", 16460),
                delayed("delay-0", 0, "known-fifo"),
                delayed("delay-100", 100e3, "known-fifo"),
                delayed("delay-200", 200e3, "known-fifo"),
                delayed("delay-1000", 1e6, "known-fifo")};
  for (int block = 0; block < 3; ++block)
    for (const auto& [form, cpu_ns] : {std::pair{"a1", 8e3}, {"a2", 8.02e3}, {"burn", 58.3e3}})
      made.cells.push_back(slices(form, block, cpu_ns));
  made.costs = {{{"status", "ok"},
                 {"subject", {{"id", "calibration"}, {"form", "work"}}},
                 {"sheet",
                  {{"metrics",
                    {metric("syscalls.getppid", 5), metric("allocations", 3),
                     metric("allocated_bytes", 300)}}}}}};
  return made;
}
json& found(records& in, const std::string& form) {
  for (json& each : in.cells)
    if (each["subject"]["form"] == form) return each;
  throw std::runtime_error("no such form: " + form);
}

void each_of(records& in, const std::string& form, const std::function<void(json&)>& change) {
  for (json& each : in.cells)
    if (each["subject"]["form"] == form) change(each);
}

void shift_latencies(records& in, const std::vector<const char*>& forms, double by_ns) {
  for (const char* const form : forms)
    each_of(in, form, [&](json& cell) {
      for (const char* const which : {"min", "mean", "p50", "p90", "p99", "p99.9", "max"}) {
        json& at = cell["load"]["latency_ns"]["response"][which];
        at = at.get<double>() + by_ns;
      }
    });
}

names rows_with(const std::vector<verdict>& verdicts, outcome what) {
  names found;
  for (const verdict& each : verdicts)
    if (each.what == what) found.insert(fmt::format("{}, {}", each.row->test, each.row->quantity));
  return found;
}

names failed(const records& in, strictness how) {
  return rows_with(judge(in, how), outcome::failed);
}
void scale_latency(json& cell, const char* which, double by) {
  json& at = cell["load"]["latency_ns"]["response"][which];
  at = at.get<double>() * by;
}

verdict of_row(const std::vector<verdict>& verdicts, const std::string& name) {
  for (const verdict& each : verdicts)
    if (fmt::format("{}, {}", each.row->test, each.row->quantity) == name) return each;
  throw std::runtime_error("no such row: " + name);
}

}  // namespace tailrace::selftest
