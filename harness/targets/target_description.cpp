// SPDX-License-Identifier: MIT
// See target_description.hpp.
#include "harness/targets/target_description.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace tailrace {
namespace {

[[noreturn]] void die_unknown_option(const std::string& name, const char* why) {
  std::fprintf(stderr, "tailrace: bug: option '%s' %s\n", name.c_str(), why);
  std::abort();
}

}  // namespace

option_spec choice_option(std::string name, std::string default_value,
                          std::vector<std::string> values, std::string help) {
  option_spec spec;
  spec.name = std::move(name);
  spec.default_value = std::move(default_value);
  spec.values = std::move(values);
  spec.help = std::move(help);
  return spec;
}

option_spec integer_option(std::string name, std::int64_t default_value, std::int64_t low,
                           std::int64_t high, std::string help) {
  option_spec spec;
  spec.name = std::move(name);
  spec.default_value = std::to_string(default_value);
  spec.low = low;
  spec.high = high;
  spec.help = std::move(help);
  return spec;
}

option_spec tasks_option(std::vector<std::string> workloads, std::int64_t most) {
  option_spec spec = integer_option(
      "tasks", 0, 0, most, "tasks that sleep (idle: until one hour from now), or work at once");
  spec.workloads = std::move(workloads);
  return spec;
}

std::vector<option_spec> timer_options() {
  std::vector<option_spec> options = {
      choice_option("mode", "random", {"random", "expiry", "cancel"},
                    "deadlines drawn within spread_ms, one for all, or none that is reached: armed "
                    "and cancelled"),
      integer_option("spread_ms", 1000, 1, 60'000, "random: within which the deadlines lie"),
      integer_option("lead_ms", 1000, 0, 600'000, "from the start to the first possible deadline"),
      integer_option("at_once", 1000, 1, 1'000'000,
                     "cancel: timers armed before they are cancelled"),
      integer_option("seed", 1, 0, INT64_MAX, "of the deadlines"),
      integer_option("timer_slack_ns", 0, 0, 1'000'000'000,
                     "by how much the kernel may delay a wake-up; 0: its default")};
  for (option_spec& each : options)
    each.workloads = {"timer"};
  return options;
}

option_spec timer_window_option(std::int64_t default_us) {
  return integer_option("timer_window_us", default_us, 0, 1'000'000,
                        "how late a timer may fire so that others fire with it");
}

option_spec text_option(std::string name, std::string default_value, std::string help) {
  option_spec spec;
  spec.name = std::move(name);
  spec.default_value = std::move(default_value);
  spec.any_text = true;
  spec.help = std::move(help);
  return spec;
}

std::vector<option_spec> file_read_options() {
  constexpr std::int64_t any = INT64_MAX;
  std::vector<option_spec> options = {
      text_option("file", "", "path of the stamped file to read"),
      choice_option("cache", "warm", {"warm", "cold", "direct"},
                    "direct: past the page cache (O_DIRECT); cold: no block twice"),
      integer_option("block_bytes", 4096, 4096, 1'048'576, "bytes of a read, a multiple of 4096"),
      integer_option("concurrency", 16, 1, 4096, "tasks that read, of all workers"),
      integer_option("reads", 0, 0, any, "reads of all tasks; 0: as many as duration_ms allows"),
      integer_option("duration_ms", 1000, 1, 3'600'000, "how long to read where reads is 0"),
      integer_option("seed", 1, 0, any, "of the order of the blocks"),
      integer_option("stamp_seed", 1, 0, any, "of the stamps in the file")};
  for (option_spec& each : options)
    each.workloads = {"file-read"};
  return options;
}

std::vector<option_spec> file_pool_options(std::vector<std::string> places, std::int64_t threads) {
  std::vector<option_spec> options = {
      choice_option("files", places.front(), places,
                    "where a read that may wait is made: in a pool, or inline, on the worker "
                    "itself; auto: inline what the page cache has, else in the pool"),
      integer_option("file_threads", threads, 1, 1024, "most threads of the pool")};
  for (option_spec& each : options)
    each.workloads = {"file-read"};
  return options;
}

void add_file_read(target_description& description) {
  description.workloads.emplace_back("file-read");
  for (option_spec& each : file_read_options()) {
    // Another workload may have an option of that name, such as `seed`: then it belongs to both.
    const auto same = std::ranges::find(description.options, each.name, &option_spec::name);
    if (same == description.options.end())
      description.options.push_back(std::move(each));
    else
      same->workloads.emplace_back("file-read");
  }
  description.objection =
      [others = std::move(description.objection)](const option_values& values) -> std::string {
    if (values.has("block_bytes")) {
      if (values.text("file").empty()) return "workload file-read needs --set file=PATH";
      if (values.integer("block_bytes") % 4096 != 0) return "block_bytes is a multiple of 4096";
    }
    return others ? others(values) : std::string();
  };
}

std::vector<option_spec> hog_options() {
  std::vector<option_spec> options = {
      integer_option("burn_us", 5000, 0, 1'000'000, "CPU time that a hog burns for each message"),
      integer_option("hog_every", 10, 0, 1'000'000,
                     "connections whose number is a multiple of it are hogs; 0: none is"),
      integer_option("message_bytes", 64, 8, 65536, "size of a message")};
  for (option_spec& each : options)
    each.workloads = {"hog"};
  return options;
}

const std::string& option_values::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) die_unknown_option(name, "is not among the options in force");
  return found->second;
}

std::int64_t option_values::integer(const std::string& name) const {
  const std::string& value = text(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{}) die_unknown_option(name, "was read as an integer but is not one");
  if (end != value.data() + value.size()) die_unknown_option(name, "has text after its number");
  return number;
}

event_fields fields_of(const served_counts& counts) {
  return {{"accepted", counts.accepted},
          {"closed", counts.closed},
          {"open", counts.accepted - counts.closed},
          {"received_bytes", counts.received_bytes},
          {"sent_bytes", counts.sent_bytes},
          {"errors", counts.errors},
          {"resets", counts.resets},
          {"accept_errors", counts.accept_errors}};
}

event_fields fields_of(const served_counts& counts, std::uint64_t sleeping,
                       std::uint64_t woken_early) {
  event_fields fields = fields_of(counts);
  fields.emplace_back("sleeping", sleeping);
  fields.emplace_back("woken_early", woken_early);
  return fields;
}

event_fields fields_of(const served_counts& counts, std::uint64_t burns) {
  event_fields fields = fields_of(counts);
  fields.emplace_back("burns", burns);
  return fields;
}

}  // namespace tailrace
