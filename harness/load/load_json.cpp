// SPDX-License-Identifier: MIT
// See load_json.hpp.
#include "harness/load/load_json.hpp"

#include <nlohmann/json.hpp>

#include "harness/load/histogram_codec.hpp"

namespace tailrace::load {
namespace {

using nlohmann::json;

json summary(const histogram& of) {
  return {{"count", of.count()},         {"min", of.min()},         {"mean", of.mean()},
          {"p50", of.quantile(0.5)},     {"p90", of.quantile(0.9)}, {"p99", of.quantile(0.99)},
          {"p99.9", of.quantile(0.999)}, {"max", of.max()}};
}

json counts_object(const request_counts& counts) {
  return {{"planned", counts.planned},
          {"sent", counts.sent},
          {"skipped_late", counts.skipped_late},
          {"never_sent", counts.never_sent},
          {"ok", counts.ok},
          {"wrong", counts.wrong},
          {"errors", counts.errors},
          {"timed_out", counts.timed_out},
          {"in_flight", counts.in_flight}};
}

// Both classes, and their histograms as `<class>.response` and so on among the others.
json classes_object(const load_result& result, json& histograms) {
  json classes = json::object();
  for (const class_result& each : result.classes) {
    const tally& counted = each.counted;
    const std::pair<const char*, const histogram*> named[] = {
        {"response", &counted.response},
        {"service", &counted.service},
        {"lateness", &counted.lateness},
        {"client_delay", &counted.client_delay}};
    json latency;
    for (const auto& [name, values] : named) {
      latency[name] = summary(*values);
      histograms[each.asked.name + "." + name] = encode_histogram(*values);
    }
    classes[each.asked.name] = {
        {"connections", each.asked.connections},
        {"rate_per_s", each.asked.rate_per_s},
        {"counts", counts_object(counted.counts)},
        {"whole_run", {{"sent", counted.whole_run.sent}, {"answered", counted.whole_run.answered}}},
        {"offered_per_s", each.offered_per_s},
        {"achieved_per_s", each.achieved_per_s},
        {"latency_ns", std::move(latency)}};
  }
  return classes;
}

std::string engine_name(const load_options& options) {
  const std::string name = options.engine == engine_kind::uring ? "uring" : "epoll";
  return options.spin ? name + "-spin" : name;
}

json arrivals_name(const load_options& options) {
  if (!options.open_loop()) return nullptr;
  return options.arrival == arrival_kind::poisson ? "poisson" : "constant";
}

}  // namespace

std::string load_object(const load_result& result) {
  const load_options& options = result.options;
  const tally& total = result.total;
  json windows = json::array();
  for (const auto& window : result.windows)
    windows.push_back({{"t_s", window.t_s},
                       {"ok", window.ok},
                       {"p50_ns", window.p50_ns},
                       {"p99_ns", window.p99_ns},
                       {"max_ns", window.max_ns}});
  json latency;
  json histograms;
  const tally& leading = result.leading();
  const std::pair<const char*, const histogram*> named[] = {{"response", &leading.response},
                                                            {"service", &leading.service},
                                                            {"lateness", &leading.lateness},
                                                            {"client_delay", &leading.client_delay},
                                                            {"connect", &total.connect}};
  for (const auto& [name, values] : named) {
    latency[name] = summary(*values);
    histograms[name] = encode_histogram(*values);
  }
  json classes = classes_object(result, histograms);
  json object = {{"schema", 1},
                 {"mode", options.open_loop() ? "open" : "closed"},
                 {"connect", options.connect},
                 {"connections", options.connections},
                 {"connections_opened", result.connections_opened},
                 {"message_bytes", options.message_bytes},
                 {"depth", options.depth},
                 {"arrivals", arrivals_name(options)},
                 {"seed", options.seed},
                 {"engine", engine_name(options)},
                 {"engine_granted", result.engine_granted},
                 {"warmup_s", options.warmup_s},
                 {"duration_s", options.duration_s},
                 {"elapsed_s", result.elapsed_s},
                 {"counts", counts_object(total.counts)},
                 {"errors_by_name",
                  total.errors_by_name.empty() ? json::object() : json(total.errors_by_name)},
                 {"extra_bytes", total.extra_bytes},
                 {"reconnects", total.reconnects},
                 {"offered_per_s", result.offered_per_s},
                 {"achieved_per_s", result.achieved_per_s},
                 {"bytes_per_s", result.bytes_per_s},
                 {"latency_ns", std::move(latency)},
                 {"histograms", std::move(histograms)},
                 {"client_cpu",
                  {{"user_s", static_cast<double>(total.user_us) / 1e6},
                   {"system_s", static_cast<double>(total.system_us) / 1e6},
                   {"share", result.busy_share}}},
                 {"all_connections_lost", result.all_connections_lost},
                 {"server_died", result.server_died},
                 {"windows", std::move(windows)}};
  if (!classes.empty()) {
    object["classes"] = std::move(classes);
    object["leading_class"] =
        result.leading_class.empty() ? json(nullptr) : json(result.leading_class);
    if (result.leading_class.empty()) object["leading_class_cause"] = "latency is that of all";
  }
  return object.dump(-1, ' ', true, json::error_handler_t::replace);
}

}  // namespace tailrace::load
