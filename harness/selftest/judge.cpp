// SPDX-License-Identifier: MIT
// See judge.hpp.
#include "harness/selftest/judge.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

namespace tailrace::selftest {
namespace {

// An interval of a pair that is wider than this decides nothing.
constexpr double half_width_max = 0.04;
// Whoever takes a share of the target's time delays more than this share of the requests: those
// that come then, those whose answer is due then, and those that queue up behind. For stalls of a
// millisecond or more, and delays up to one, thrice as many is not exceeded.
constexpr double requests_per_share = 3;
constexpr double ns_per_us = 1000;

struct reading {
  std::optional<double> value;
  double half_width = 0;  // of a ratio
  std::optional<double> without_delay = {};

  bool whole(const expectation& of) const {
    return value && std::isfinite(*value) &&
           (!of.without_delay.taken_off() || (without_delay && std::isfinite(*without_delay)));
  }
};

place place_of(const expectation& row) {
  return {row.point, row.form};
}
place beside_of(const expectation& row) {
  return {row.point, row.beside};
}

reading take(const records& from, const expectation& row) {
  switch (row.how) {
    case taken::from_cell:
      return {.value = median_at(from, place_of(row), row.path),
              .without_delay = row.without_delay.taken_off()
                                   ? median_at(from, beside_of(row), row.without_delay.path)
                                   : std::nullopt};
    case taken::as_difference: {
      const auto one = median_at(from, place_of(row), row.path);
      const auto other = median_at(from, beside_of(row), row.path);
      return {one && other ? std::optional(*one - *other) : std::nullopt};
    }
    case taken::as_ratio: {
      const auto pair = ratio_of(from, place_of(row), beside_of(row), row.path);
      return pair ? reading{pair->ratio, pair->half_width} : reading{};
    }
    case taken::from_costs:
      return {cost_metric(from, row.form, row.path)};
    case taken::from_counts:
      return {counts_off(from)};
    case taken::from_plans:
      return {planned_off(from)};
  }
  return {};
}

verdict absent(const records& from, const expectation& row) {
  absence why = why_absent(from, place_of(row));
  if (row.beside[0] != '\0') {
    const bool first_is_there = !cells_at(from, place_of(row)).empty();
    if (first_is_there) why = why_absent(from, beside_of(row));
  }
  return {.row = &row,
          .measured = std::nullopt,
          .without_delay = std::nullopt,
          .what = why.cannot_run ? outcome::cannot : outcome::failed,
          .note = "not measured: " + why.cause};
}

std::string taken_text(const noise_seen& noise) {
  return fmt::format("others took {:.1f} % of the target's CPU time{}", noise.lost_share * 100,
                     noise.whom.empty() ? "" : ", most of it " + noise.whom);
}

// What of the noise can have made this row's number larger; empty: nothing. Noise of the baseline
// makes the rest smaller and is no excuse here.
std::string excuse_if_long(const records& from, const expectation& row) {
  if (row.moved_by_share == expectation::noise_cannot) return "";
  noise_seen noise = noise_at(from, place_of(row));
  if (row.how != taken::from_cell && row.beside[0] != '\0') {
    const noise_seen other = noise_at(from, beside_of(row));
    if (other.lost_share > noise.lost_share) noise = other;
  }
  if (requests_per_share * noise.lost_share > row.moved_by_share) return taken_text(noise);
  // A client that is late for one request in a hundred has delayed p99; for one in all, more.
  const double late_ns = row.moved_by_share >= 0.01 ? noise.late_p99_ns : noise.late_max_ns;
  if (row.how == taken::from_cell && row.moved_by_share <= 0.01 &&
      late_ns * row.scale > row.tolerance() / 2)
    return fmt::format("the client sent up to {:.0f} us late", late_ns / ns_per_us);
  return "";
}

// Noise makes latencies longer and never shorter: what is too short was so read, or too much was
// taken off, because the echo without delay was disturbed.
std::string excuse_if_short(const records& from, const expectation& row) {
  if (!row.without_delay.taken_off()) return "";
  const noise_seen noise = noise_at(from, beside_of(row));
  const bool can = requests_per_share * noise.lost_share > row.without_delay.moved_by_share;
  return can ? "of the echo without delay: " + taken_text(noise) : "";
}

// Whether the path alone takes too long for any statement, with what it takes.
std::string too_slow(const expectation& row, const verdict& made) {
  const std::optional<double> path_alone = row.limits_machine ? made.measured : made.without_delay;
  const double most = row.limits_machine ? row.tolerance() : row.without_delay.most;
  if (!path_alone || *path_alone <= most) return "";
  return fmt::format(
      "this machine is too slow to tell: an echo without delay takes {:.4g} {}, more than the "
      "smallest known delay ({:g} {})",
      *path_alone, row.unit, most, row.unit);
}

std::string beyond_tolerance(const expectation& row, const verdict& made) {
  if (!made.without_delay) return fmt::format("tolerance {}", row.why);
  return fmt::format(
      "{:+.4g} {} are left after the {:.4g} {} of an echo without delay; tolerance {}", made.rest(),
      row.unit, *made.without_delay, row.unit, row.why);
}

std::string half_width_text(const expectation& row, double half_width) {
  return row.how == taken::as_ratio ? fmt::format("interval +- {:.1f} %", half_width * 100) : "";
}

}  // namespace

const char* name_of(outcome what) {
  switch (what) {
    case outcome::holds:
      return "holds";
    case outcome::disturbed:
      return "disturbed";
    case outcome::unjudged:
      return "not judged";
    case outcome::cannot:
      return "cannot be";
    case outcome::failed:
      return "FAILED";
  }
  return "";
}

namespace {

verdict judge_row(const records& from, const expectation& row, strictness how) {
  const reading read = take(from, row);
  if (!read.whole(row)) return absent(from, row);
  const double value = *read.value * row.scale;
  verdict made = {.row = &row,
                  .measured = value,
                  .without_delay = std::nullopt,
                  .what = outcome::holds,
                  .note = half_width_text(row, read.half_width)};
  if (read.without_delay) made.without_delay = *read.without_delay * row.scale;
  if (value < row.least || value > row.most) {
    made.what = outcome::failed;
    made.note =
        fmt::format("no noise can do that: {} {:g} {}", value < row.least ? "at least" : "at most",
                    value < row.least ? row.least : row.most, row.unit);
    return made;
  }
  const double allowed = row.tolerance() + read.half_width;
  const bool decides = read.half_width <= half_width_max;
  const std::string slow = too_slow(row, made);
  if (decides && slow.empty() && std::abs(made.rest()) <= allowed) return made;
  if (how == strictness::bounds_only) {
    made.what = outcome::unjudged;
    return made;
  }
  const bool too_short = row.how == taken::from_cell && made.rest() < 0;
  made.note = too_short ? excuse_if_short(from, row) : excuse_if_long(from, row);
  if (made.note.empty()) made.note = slow;
  if (made.note.empty() && !decides)
    made.note = "decides nothing: " + half_width_text(row, read.half_width);
  made.what = made.note.empty() ? outcome::failed : outcome::disturbed;
  if (made.note.empty()) made.note = beyond_tolerance(row, made);
  return made;
}

}  // namespace

std::vector<verdict> judge(const records& from, strictness how) {
  std::vector<const expectation*> rows;
  for (const expectation& row : expectations())
    rows.push_back(&row);
  return judge(from, how, rows);
}

std::vector<verdict> judge(const records& from, strictness how,
                           const std::vector<const expectation*>& rows) {
  std::vector<verdict> all;
  for (const expectation* const row : rows)
    all.push_back(judge_row(from, *row, how));
  return all;
}

std::vector<const expectation*> expectations_of(const nlohmann::json& plan) {
  std::set<std::pair<std::string, std::string>> planned;
  for (const nlohmann::json& cell : plan.at("cells"))
    planned.emplace(cell.at("point").get<std::string>(), cell.at("form").get<std::string>());
  std::vector<const expectation*> rows;
  for (const expectation& row : expectations()) {
    const bool of_all = row.how == taken::from_counts || row.how == taken::from_plans;
    const bool there = planned.contains({row.point, row.form}) &&
                       (row.beside[0] == '\0' || planned.contains({row.point, row.beside}));
    if (of_all || (there && std::string_view(row.quantity) != "p99.9")) rows.push_back(&row);
  }
  return rows;
}

}  // namespace tailrace::selftest
