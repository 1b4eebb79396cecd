// SPDX-License-Identifier: MIT
// See inprocess_point.hpp.
#include "harness/campaign/inprocess_point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tailrace::campaign {
namespace {

constexpr double limit_of_task_s = 200e-6;  // a thread takes 20 to 70 us to make

// So that also a thread a task is armed before the first deadline: 1 s, and 4 us a task.
std::int64_t default_lead_ms(std::int64_t tasks) {
  return 1000 + tasks / 250;
}

}  // namespace

void read_timer_keys(const table_reader& in, point& work) {
  in.allow_only({"id", "kind", "workload", "tasks", "mode", "spread_ms", "lead_ms", "at_once",
                 "timer_slack_ns", "workers", "blocks", "forms"});
  const auto set = [&](const char* name, std::int64_t value) {
    work.options[name] = std::to_string(value);
  };
  if (!in.has("tasks")) {
    in.refuse(in.node("kind"), "a timer point needs tasks, a whole number from 1 to 10000000");
  }
  const std::int64_t tasks = in.integer("tasks", 1, 1, 10'000'000);
  set("tasks", tasks);
  const std::string mode = in.choice("mode", "random", {"random", "expiry", "cancel"});
  work.options["mode"] = mode;
  const auto only_where = [&](bool fits, const char* key) {
    if (!fits && in.has(key)) {
      in.refuse(in.node(key), fmt::format("{} has no meaning with mode = \"{}\"", key, mode));
    }
    return fits;
  };
  if (only_where(mode == "random", "spread_ms"))
    set("spread_ms", in.integer("spread_ms", 1000, 1, 60'000));
  if (only_where(mode != "cancel", "lead_ms"))
    set("lead_ms", in.integer("lead_ms", default_lead_ms(tasks), 0, 600'000));
  if (only_where(mode == "cancel", "at_once"))
    set("at_once", in.integer("at_once", 1000, 1, 1'000'000));
  // Left out where it is not asked for: a target without the option then has the kernel's default.
  if (in.has("timer_slack_ns"))
    set("timer_slack_ns", in.integer("timer_slack_ns", 0, 1, 1'000'000'000));
  work.workers = static_cast<int>(in.integer("workers", 0, 1, 1024));
}

std::string derived_timer_id(const point& work) {
  const auto slack = work.options.find("timer_slack_ns");
  return fmt::format("timer-{}-{}{}", work.options.at("mode"), work.options.at("tasks"),
                     slack == work.options.end() ? "" : fmt::format("-slack{}", slack->second));
}

std::int64_t option_number(const point& work, const std::string& name) {
  const auto found = work.options.find(name);
  std::int64_t value = 0;
  if (found == work.options.end()) return value;
  const std::string& text = found->second;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

double expected_inprocess_s(const point& work) {
  const std::int64_t ms = option_number(work, "lead_ms") + option_number(work, "spread_ms") +
                          option_number(work, "duration_ms");
  return static_cast<double>(ms) / 1000;
}

double inprocess_limit_s(const point& work) {
  return expected_inprocess_s(work) +
         limit_of_task_s * static_cast<double>(option_number(work, "tasks"));
}

std::int64_t tasks_at_once(const point& work) {
  const std::int64_t tasks = option_number(work, "tasks");
  const std::int64_t at_once = option_number(work, "at_once");
  return at_once == 0 ? tasks : std::min(tasks, at_once);
}

}  // namespace tailrace::campaign
