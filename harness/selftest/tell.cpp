// SPDX-License-Identifier: MIT
// See run_selftest.hpp: the verdicts in words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "harness/selftest/run_selftest.hpp"

namespace tailrace::selftest {
namespace {

std::string number_text(double value) {
  return std::abs(value) >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

std::string bias_text(const verdict& of) {
  if (!of.measured) return "-";
  const double bias = of.bias();
  if (of.row->expected == 0) return number_text(bias);
  return fmt::format("{:+.4g} ({:+.1f} %)", bias, bias / std::abs(of.row->expected) * 100);
}

std::string rest_text(const verdict& of) {
  return of.measured && of.without_delay ? fmt::format("{:+.4g}", of.rest()) : "";
}

std::string line_of(const verdict& of) {
  const expectation& row = *of.row;
  return fmt::format("{:<22} {:<16} {:<9} {:>9} {:>9}  {:<18} {:<8} {}{}{}\n", row.test,
                     row.quantity, row.unit, number_text(row.expected),
                     of.measured ? number_text(*of.measured) : "-", bias_text(of), rest_text(of),
                     name_of(of.what), of.note.empty() ? "" : ": ", of.note);
}

struct totals {
  std::ptrdiff_t failed = 0;
  std::ptrdiff_t disturbed = 0;
  std::ptrdiff_t unjudged = 0;
  std::ptrdiff_t cannot = 0;
  bool no_latency_told = false;  // each known delay was disturbed
};

constexpr const char* no_latency_text =
    "how far off response times are cannot be told here now: each known delay was disturbed, or "
    "this machine is too slow; measure again when it is quiet\n";

std::string sentences_of(const totals& of) {
  if (of.failed > 0) {
    return fmt::format(
        "{} failed: numbers of these kinds that are measured on this machine are wrong by the bias "
        "that is shown, or more; do not publish them before the cause is known\n",
        of.failed);
  }
  if (of.no_latency_told) return no_latency_text;
  const bool open = of.disturbed + of.unjudged > 0;
  std::string text =
      open ? "nothing contradicts what is known; of the rows that hold, numbers measured here can "
             "be trusted within the bias that is shown\n"
           : "all is as it is known: numbers measured here can be believed within the bias that is "
             "shown\n";
  if (of.disturbed > 0)
    text += fmt::format(
        "{} disturbed: others were busy in the meantime, or the machine was too slow to tell; "
        "measure again when it is quiet\n",
        of.disturbed);
  if (of.unjudged > 0)
    text += fmt::format("{} outside of their tolerance, which was not asked for\n", of.unjudged);
  if (of.cannot > 0) text += fmt::format("{} cannot be measured on this machine\n", of.cannot);
  return text;
}

totals totals_of(const std::vector<verdict>& verdicts) {
  const auto count = [&](outcome what) {
    return std::ranges::count(verdicts, what, &verdict::what);
  };
  const auto is_delay = [](const verdict& each) { return each.row->without_delay.taken_off(); };
  const auto is_disturbed = [&](const verdict& each) {
    return !is_delay(each) || each.what == outcome::disturbed;
  };
  return {count(outcome::failed), count(outcome::disturbed), count(outcome::unjudged),
          count(outcome::cannot),
          std::ranges::any_of(verdicts, is_delay) && std::ranges::all_of(verdicts, is_disturbed)};
}

// "an echo without delay reads 12 us at p50; "
std::string path_text(const std::vector<verdict>& verdicts) {
  for (const verdict& each : verdicts) {
    if (!each.row->limits_machine || !each.measured ||
        each.row->quantity != std::string_view("p50"))
      continue;
    return fmt::format("an echo without delay reads {} {} at p50; ", number_text(*each.measured),
                       each.row->unit);
  }
  return "";
}

const char* word_of(outcome what) {
  return what == outcome::failed ? "failed" : what == outcome::cannot ? "cannot" : name_of(what);
}

nlohmann::json number_or_null(const std::optional<double>& number) {
  return number ? nlohmann::json(*number) : nlohmann::json(nullptr);
}

}  // namespace

nlohmann::json row_json(const verdict& of) {
  const expectation& row = *of.row;
  return {{"test", row.test},
          {"quantity", row.quantity},
          {"unit", row.unit},
          {"point", row.point},
          {"expected", row.expected},
          {"measured", number_or_null(of.measured)},
          {"without_delay", number_or_null(of.without_delay)},
          {"verdict", word_of(of.what)},
          {"note", of.note}};
}

std::string tell_briefly(const std::vector<verdict>& verdicts) {
  const totals all = totals_of(verdicts);
  const auto held = std::ranges::count(verdicts, outcome::holds, &verdict::what);
  std::string text =
      fmt::format("self-test: {}{} of {} rows hold", path_text(verdicts), held, verdicts.size());
  if (all.disturbed > 0) text += fmt::format(", {} disturbed", all.disturbed);
  if (all.cannot > 0) text += fmt::format(", {} cannot be measured here", all.cannot);
  text += all.failed > 0 ? fmt::format(", {} failed:\n", all.failed) : "\n";
  for (const verdict& each : verdicts) {
    if (each.what != outcome::failed) continue;
    text += fmt::format("  {}, {}: {} {} where {} are known: {}\n", each.row->test,
                        each.row->quantity, each.measured ? number_text(*each.measured) : "-",
                        each.row->unit, number_text(each.row->expected), each.note);
  }
  if (all.failed == 0 && all.no_latency_told) text += no_latency_text;
  return text;
}

told tell(const std::vector<verdict>& verdicts, bool strict) {
  std::string text =
      fmt::format("{:<22} {:<16} {:<9} {:>9} {:>9}  {:<18} {:<8} {}\n", "TEST", "QUANTITY", "UNIT",
                  "EXPECTED", "MEASURED", "BIAS", "REST", "VERDICT");
  for (const verdict& each : verdicts)
    text += line_of(each);
  const totals all = totals_of(verdicts);
  text +=
      "\nREST: the bias of a latency less what an echo without delay read at the same time; the "
      "tolerance is of that\n" +
      sentences_of(all);
  const bool whole = all.disturbed + all.unjudged + all.cannot == 0;
  if (strict && all.failed == 0 && !whole) text += "--strict: that is not enough\n";
  return {text, all.failed == 0 && (whole || !strict)};
}

}  // namespace tailrace::selftest
