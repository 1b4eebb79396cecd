// SPDX-License-Identifier: MIT
// See load_table.hpp. A quantile is printed only with at least ten samples beyond it.
#include "harness/load/load_table.hpp"

#include <fmt/format.h>

#include <iterator>

namespace tailrace::load {
namespace {

std::string duration_text(std::int64_t ns) {
  const double value = static_cast<double>(ns);
  if (value < 1e3) return fmt::format("{} ns", ns);
  if (value < 1e6) return fmt::format("{:.1f} us", value / 1e3);
  if (value < 1e9) return fmt::format("{:.2f} ms", value / 1e6);
  return fmt::format("{:.2f} s", value / 1e9);
}

std::string quantile_text(const histogram& of, double q) {
  const bool supported = static_cast<double>(of.count()) * (1 - q) >= 10;
  return supported ? duration_text(of.quantile(q)) : "-";
}

std::string latency_row(const char* name, const histogram& of) {
  if (of.count() == 0) return {};
  return fmt::format("  {:<12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n", name,
                     duration_text(of.quantile(0.5)), quantile_text(of, 0.9),
                     quantile_text(of, 0.99), quantile_text(of, 0.999), quantile_text(of, 0.9999),
                     duration_text(of.max()));
}

std::string latency_rows(const tally& of, bool open) {
  std::string text = latency_row("response", of.response);
  if (open)
    text += latency_row("service", of.service) + latency_row("lateness", of.lateness) +
            latency_row("client_delay", of.client_delay);
  return text;
}

std::string class_rows(const class_result& of) {
  const request_counts& counts = of.counted.counts;
  return fmt::format(
             "  {}: {} connection{}, {:.1f}/s offered, {:.1f}/s achieved, planned {}, ok {}\n",
             of.asked.name, of.asked.connections, of.asked.connections == 1 ? "" : "s",
             of.offered_per_s, of.achieved_per_s, counts.planned, counts.ok) +
         latency_rows(of.counted, true);
}

std::string asked(const load_options& options) {
  std::string servers;
  for (const auto& one : options.connect)
    servers += (servers.empty() ? "" : ", ") + one;
  const std::string what =
      options.http ? "HTTP requests" : fmt::format("messages of {} B", options.message_bytes);
  const std::string how =
      options.open_loop()
          ? fmt::format("open loop, {:.0f}/s {}", options.rate_per_s + options.hog_rate_per_s,
                        options.arrival == arrival_kind::poisson ? "poisson" : "constant")
          : fmt::format("closed loop, {} outstanding each", options.depth);
  return fmt::format("{}: {} connections, {}, {}, {:g} s after {:g} s of warm-up\n", servers,
                     options.connections, what, how, options.duration_s, options.warmup_s);
}

std::string unanswered_text(const load_result& result) {
  const request_counts& counts = result.total.counts;
  // Stopped in the warm-up, it had none to answer.
  const bool none_due = result.stopped_early && counts.sent == 0;
  std::string text;
  const auto out = std::back_inserter(text);
  if (counts.ok + counts.wrong == 0 && !none_due) text += "no request was answered\n";
  if (counts.in_flight > 0)
    fmt::format_to(out, "{} request(s) still without an answer at the end of the drain\n",
                   counts.in_flight);
  if (counts.never_sent > 0)
    fmt::format_to(out, "{} request(s) of the plan never sent: their connection was full or lost\n",
                   counts.never_sent);
  return text;
}

}  // namespace

std::string load_table(const load_result& result) {
  const load_options& options = result.options;
  const tally& total = result.total;
  const request_counts& counts = total.counts;
  std::string text = asked(options);
  if (options.open_loop()) text += fmt::format("  offered   {:>12.1f} /s\n", result.offered_per_s);
  text += fmt::format("  achieved  {:>12.1f} /s  {:.2f} MB/s\n", result.achieved_per_s,
                      result.bytes_per_s / 1e6);
  text += fmt::format("  client    {:>12.1f} % busy of {} thread{}{}\n", result.busy_share * 100,
                      options.threads, options.threads == 1 ? "" : "s",
                      options.spin ? " (polling while idle not counted)" : "");
  text += fmt::format("  planned {} = sent {} + skipped late {} + never sent {}\n", counts.planned,
                      counts.sent, counts.skipped_late, counts.never_sent);
  text += fmt::format("  sent {} = ok {} + wrong {} + errors {} + timed out {} + in flight {}\n",
                      counts.sent, counts.ok, counts.wrong, counts.errors, counts.timed_out,
                      counts.in_flight);
  if (total.reconnects > 0) text += fmt::format("  connections made again {}\n", total.reconnects);
  text += fmt::format("  {:<12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "", "p50", "p90",
                      "p99", "p99.9", "p99.99", "max");
  if (result.classes.empty()) text += latency_rows(total, options.open_loop());
  for (const class_result& each : result.classes)
    text += class_rows(each);
  if (!result.classes.empty() && result.leading_class.empty())
    text += "  all connections\n" + latency_rows(total, true);
  text += latency_row("connect", total.connect);
  return text;
}

std::string load_complaints(const load_result& result) {
  const tally& total = result.total;
  std::string text;
  const auto out = std::back_inserter(text);
  if (result.server_died)
    text += "the server died: every connection was lost, and nobody accepts a new one\n";
  else if (result.all_connections_lost)
    text += "every connection was lost before the end; the server still accepts new ones\n";
  for (const auto& [cause, count] : total.lost_connections)
    fmt::format_to(out, "{} connection(s) lost: {}\n", count, cause);
  if (total.counts.wrong > 0)
    fmt::format_to(out, "{} answer(s) with wrong bytes\n", total.counts.wrong);
  if (total.extra_bytes > 0)
    fmt::format_to(out, "{} byte(s) came that nobody asked for\n", total.extra_bytes);
  if (total.counts.timed_out > 0)
    fmt::format_to(out, "{} request(s) without an answer after {:g} s\n", total.counts.timed_out,
                   result.options.timeout_s);
  text += unanswered_text(result);
  if (total.warmup_failures > 0)
    fmt::format_to(out, "{} request(s) wrong or unanswered in the warm-up\n",
                   total.warmup_failures);
  if (total.response.out_of_range() > 0)
    fmt::format_to(out, "{} response(s) beyond one hour are counted as one hour\n",
                   total.response.out_of_range());
  if (result.stopped_early) text += "stopped early\n";
  return text;
}

}  // namespace tailrace::load
