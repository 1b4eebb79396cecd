// SPDX-License-Identifier: MIT
// See load_session.hpp. The threads are in load_worker.cpp; here is what they share and how their
// counts are added up.
#include "harness/load/load_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "harness/load/endpoint.hpp"
#include "harness/load/file_limit.hpp"
#include "harness/load/http_probe.hpp"
#include "harness/load/load_worker.hpp"
#include "harness/load/resolve.hpp"
#include "harness/observe/clock.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

constexpr std::int64_t begin_after_ns = 2 * observe::ns_per_ms;

// A dying server may close its listener after its connections, and until then the kernel goes on
// taking connections for it.
constexpr int last_tries = 3;
constexpr double last_try_s = 1;
constexpr double last_stay_s = 0.1;

bool still_accepts(const endpoint& server) {
  for (int i = 0; i < last_tries; ++i)
    if (try_to_connect(server, last_try_s, last_stay_s) != 0) return false;
  return true;
}

// Asked after all connections were lost: has the server died, or does it only end connections?
bool nobody_accepts(const std::vector<endpoint>& endpoints) {
  return std::ranges::none_of(endpoints, still_accepts);
}

message_format format_for(const load_options& options, const std::vector<endpoint>& endpoints) {
  if (options.http)
    return learn_http_answer(endpoints.front(), options.http_path, options.connect_timeout_s);
  return message_format::echo(options.message_bytes, options.seed);
}

}  // namespace

load_session::load_session(const load_options& options, const std::atomic<bool>& stop)
    : options_(options) {
  make_room_for_connections(options_.connections + options_.threads);
  auto endpoints = resolve_endpoints(options_.connect, options_.connect_timeout_s);
  auto format = format_for(options_, endpoints);
  common_ = std::make_unique<worker_common>(
      worker_common{options_, stop, split_of(options_), std::move(endpoints), std::move(format)});
  for (std::uint32_t i = 0; i < options_.threads; ++i)
    workers_.push_back(std::make_unique<load_worker>(*common_, i));
  for (const auto& each : workers_)
    each->begin_connecting();
  for (const auto& each : workers_)
    each->wait();
  for (const auto& each : workers_)
    each->rethrow_failure();
  // relaxed: only the flag itself is communicated.
  if (stop.load(std::memory_order_relaxed))
    throw refusal("interrupted while the connections were being opened", "run it again");
}

load_session::~load_session() = default;

// What the threads counted, added up, by class and in all.
void load_session::merge(load_result& result) const {
  const class_split& split = common_->split;
  std::vector<const window_series*> series;
  if (split.split())
    for (const load_class& each : split.classes)
      result.classes.push_back({.asked = each, .counted = {}});
  if (split.first_leads) result.leading_class = split.classes.front().name;
  for (const auto& one : workers_) {
    for (std::size_t i = 0; i < one->counted().size(); ++i) {
      const tally& part = *one->counted()[i];
      result.total.add(part);
      if (split.split()) result.classes[i].counted.add(part);
      if (i == 0 || !split.first_leads) series.push_back(&part.windows);
    }
    result.connections_opened += one->connections();
    result.receives_starved += one->receives_starved();
  }
  for (const class_result& each : result.classes)
    each.counted.counts.check_identities();
  result.total.counts.check_identities();
  result.all_connections_lost = std::ranges::all_of(
      workers_, [](const auto& one) { return one->counted().front()->all_connections_lost; });
  result.windows = summarize_windows(series, static_cast<std::size_t>(result.phase_s * 10 + 0.5));
}

load_result load_session::run(const slice& wanted) {
  load_result result;
  result.options = options_;
  result.options.warmup_s = wanted.settle_s;
  result.options.duration_s = wanted.duration_s;
  result.options.seed = wanted.seed;
  result.answer_bytes = common_->format.answer_bytes();
  const worker_slice timed = {
      .start_ns = observe::monotonic_ns() + begin_after_ns + seconds_ns(wanted.settle_s),
      .settle_ns = seconds_ns(wanted.settle_s),
      .measured_ns = seconds_ns(wanted.duration_s),
      .seed = wanted.seed};
  for (const auto& each : workers_)
    each->begin_slice(timed);
  std::int64_t end_ns = timed.start_ns;
  for (const auto& each : workers_) {
    each->wait();
    end_ns = std::max(end_ns, each->end_ns());
  }
  for (const auto& each : workers_)
    each->rethrow_failure();
  result.phase_s = static_cast<double>(end_ns - timed.start_ns) / 1e9;
  result.stopped_early = end_ns < timed.start_ns + timed.measured_ns;
  merge(result);
  result.server_died = result.all_connections_lost && nobody_accepts(common_->endpoints);
  result.engine_granted = workers_.front()->engine_granted();
  const std::int64_t elapsed_ns = result.total.finished_ns - timed.start_ns;
  result.elapsed_s = static_cast<double>(std::max<std::int64_t>(elapsed_ns, 0)) / 1e9;
  result.compute_rates();
  return result;
}

void require_requests(const load_options& options) {
  if (!options.open_loop()) return;
  for (const load_class& each : split_of(options).classes) {
    if (arrivals::planned(each.rate_per_s, options.duration_s) > 0) continue;
    const std::string whose = each.name.empty() ? "" : fmt::format(" for the class {}", each.name);
    throw refusal(fmt::format("the plan holds no request{}: {:g}/s for {:g} s", whose,
                              each.rate_per_s, options.duration_s),
                  "raise the rate or --duration-s", refusal::bad_usage);
  }
}

load_result run_load(const load_options& options, const std::atomic<bool>& stop) {
  require_requests(options);
  return load_session(options, stop)
      .run({.settle_s = options.warmup_s, .duration_s = options.duration_s, .seed = options.seed});
}

}  // namespace tailrace::load
