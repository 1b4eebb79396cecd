// SPDX-License-Identifier: MIT
// See under_load.hpp.
#include "harness/kinds/under_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/campaign/generation.hpp"
#include "harness/campaign/load_process.hpp"
#include "harness/kinds/reported_counts.hpp"
#include "harness/observe/clock.hpp"
#include "harness/record/json_fields.hpp"

namespace tailrace::kinds {
namespace {

using nlohmann::json;

constexpr double achieved_share_min = 0.99;
// A client that is busy comes late to its requests. Up to 50 µs it is the wake-up of an idle CPU;
// above that it must stay small against what is measured. A wait for a full socket or window is not
// the client's fault, and in the response.
constexpr double lateness_floor_ns = 50'000;
constexpr double lateness_share_max = 0.10;

double lateness_limit_ns(double response_p99_ns) {
  return std::max(lateness_floor_ns, lateness_share_max * response_p99_ns);
}

// Above this a core has no room left.
constexpr double saturated_share = 0.90;
// Below this the server had room left: its share counts the moments before and after a slice too,
// which are up to a tenth of a short one.
constexpr double room_left_share = 0.80;
constexpr double neighbour_us_per_s_max = 900'000;
// A shared machine changes its speed within seconds, so a round has to be over before: slices as
// short as their numbers allow. Six requests lie above p99 of a slice.
constexpr double slice_s_min = 0.06;
constexpr double slice_s_max = 0.5;
constexpr double requests_per_slice = 600;
// Since the subject's last turn others have used the caches: each connection is used once before a
// slice begins.
constexpr double settle_s_min = 0.01;
constexpr double settle_s_max = 0.2;

double latency_at(const json& load, const char* which, const char* quantile) {
  const json* const all = record::member_of(load, "latency_ns");
  const json* const one = all == nullptr ? nullptr : record::member_of(*all, which);
  return one == nullptr ? 0.0 : record::number_at(*one, quantile).value_or(0);
}

// Both or neither, and less than the CPU has.
void read_neighbour_keys(const campaign::table_reader& in, load_keys& keys) {
  keys.neighbour_us = in.integer("neighbour_us", 0, 1, 1'000'000);
  keys.neighbour_per_s = in.number("neighbour_per_s", 0, 0.01, 10'000);
  if ((keys.neighbour_us > 0) != (keys.neighbour_per_s > 0))
    in.refuse("neighbour_us", "neighbour_us and neighbour_per_s belong together");
  if (static_cast<double>(keys.neighbour_us) * keys.neighbour_per_s > neighbour_us_per_s_max)
    in.refuse("neighbour_us", "a neighbour may burn at most 90 % of a CPU");
}

double usual_slice_s(const load_keys& keys) {
  if (!keys.open_loop()) return slice_s_min;
  return std::clamp(requests_per_slice / keys.rate_per_s, slice_s_min, slice_s_max);
}

double usual_settle_s(const load_keys& keys) {
  if (!keys.open_loop()) return settle_s_min;
  const auto connections = static_cast<double>(keys.connections);
  return std::clamp(connections / keys.rate_per_s, settle_s_min, settle_s_max);
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

load_keys read_load_keys(const campaign::table_reader& in, bool open_loop) {
  load_keys keys;
  keys.connections = in.integer("connections", 50, 1, 100'000);
  keys.message_bytes = in.integer("message_bytes", 64, 1, 1 << 20);
  if (open_loop) {
    keys.rate_per_s = in.number("rate_per_s", campaign::needed, 1, 1e8);
    keys.arrivals = in.choice("arrivals", "poisson", {"poisson", "constant"});
  }
  keys.engine = in.choice("engine", "epoll", {"epoll", "uring"});
  keys.warmup_s = in.number("warmup_s", 2, 0, 600);
  keys.duration_s = in.number("duration_s", 0.8, 0.05, 3600);
  keys.slice_s = in.number("slice_s", usual_slice_s(keys), 0.05, 60);
  keys.settle_s = in.number("settle_s", usual_settle_s(keys), 0, 60);
  // On a virtual machine how long an idle CPU takes to wake up is noise (results/README.md).
  // In a closed loop the CPUs hardly idle, and a spinner would make a server pay two switches for
  // each short gap, which is noise.
  keys.keep_awake = in.flag("keep_awake", keys.open_loop());
  keys.fifo = in.choice("scheduling", "other", {"other", "fifo"}) == "fifo";
  read_neighbour_keys(in, keys);
  return keys;
}

json work_under_load::json() const {
  nlohmann::json object = {{"connections", keys_.connections},
                           {"message_bytes", keys_.message_bytes},
                           {"depth", keys_.depth},
                           {"rate_per_s", nullptr},
                           {"arrivals", nullptr},
                           {"engine", keys_.engine},
                           {"warmup_s", keys_.warmup_s},
                           {"duration_s", keys_.duration_s},
                           {"slice_s", slices().slice_s},
                           {"settle_s", keys_.settle_s},
                           {"keep_awake", keys_.keep_awake},
                           {"scheduling", keys_.fifo ? "fifo" : "other"}};
  if (keys_.neighbour_us > 0) {
    object["neighbour_us"] = keys_.neighbour_us;
    object["neighbour_per_s"] = keys_.neighbour_per_s;
  }
  if (keys_.open_loop()) {
    object["rate_per_s"] = keys_.rate_per_s;
    object["arrivals"] = keys_.arrivals;
  } else {
    object["rate_per_s_cause"] = "closed loop: there is no offered rate";
    object["arrivals_cause"] = "closed loop: each answer brings the next request";
  }
  return object;
}

std::vector<std::string> work_under_load::own_faults(const nlohmann::json&,
                                                     const session::count_map&) const {
  return {};
}

double work_under_load::expected_s() const {
  return campaign::expected_slices_s(slices());
}

// As many slices as come to the wanted length, all equally long.
campaign::slice_plan work_under_load::slices() const {
  const int rounds = std::max(1, static_cast<int>(std::lround(keys_.duration_s / keys_.slice_s)));
  return {.rounds = rounds,
          .slice_s = keys_.duration_s / rounds,
          .settle_s = keys_.settle_s,
          .warmup_s = keys_.warmup_s,
          .keep_awake = keys_.keep_awake,
          .fifo = keys_.fifo,
          .planted = {keys_.neighbour_us * observe::ns_per_us, keys_.neighbour_per_s}};
}

std::vector<std::string> work_under_load::load_arguments(bool may_poll) const {
  std::vector<std::string> arguments = {"--message-bytes", std::to_string(keys_.message_bytes),
                                        "--connections",   std::to_string(keys_.connections),
                                        "--engine",        keys_.engine};
  if (keys_.open_loop()) {
    append(arguments,
           {"--rate", fmt::format("{}", keys_.rate_per_s), "--arrivals", keys_.arrivals});
    if (!may_poll) arguments.emplace_back("--no-spin");
  } else {
    append(arguments, {"--depth", std::to_string(keys_.depth)});
  }
  append(arguments, load_options());
  return arguments;
}

std::vector<std::string> work_under_load::faults(const nlohmann::json& load,
                                                 const session::count_map& counts) const {
  std::vector<std::string> found = load_faults(load, keys_.connections, classes());
  append(found, count_faults(counts));
  if (found.empty()) append(found, agreement_faults(load, counts));
  if (found.empty()) append(found, own_faults(load, counts));
  return found;
}

std::vector<campaign::validity_check> work_under_load::checks(
    const nlohmann::json& load, const campaign::slice_shares& used) const {
  return load_checks(load, keys_.open_loop(), used);
}

// In a closed loop nothing is planned.
bool work_under_load::client_late(const campaign::client_slice& seen) const {
  return keys_.open_loop() && static_cast<double>(seen.client_delay_p99_ns) >
                                  lateness_limit_ns(static_cast<double>(seen.p99_ns));
}

std::vector<campaign::validity_check> load_checks(const json& load, bool open_loop,
                                                  const campaign::slice_shares& used) {
  if (open_loop) {
    return {
        // Of a slice in the middle: one stall at the end of a short slice is not too much load, and
        // who cannot keep up lags in each.
        campaign::at_least("achieved_rate", "achieved share of the offered rate", used.achieved,
                           achieved_share_min, campaign::percent_text),
        campaign::at_most(
            "send_lateness", "p99 send delay", latency_at(load, "client_delay", "p99"),
            lateness_limit_ns(latency_at(load, "response", "p99")), campaign::microseconds_text)};
  }
  // Only a client that is saturated while the server is not has hidden the server.
  const bool hides = used.client > saturated_share && used.server < room_left_share;
  return {{"client_headroom", !hides, used.client, saturated_share,
           fmt::format("client used {:.0f} % of its core, server {:.0f} % of its own{}",
                       used.client * 100, used.server * 100,
                       hides ? ": the client was the limit" : "")}};
}

}  // namespace tailrace::kinds
