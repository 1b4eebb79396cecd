// SPDX-License-Identifier: MIT
// See load_process.hpp.
#include "harness/campaign/load_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/observe/clock.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/thread_stacks.hpp"
#include "harness/record/json_fields.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;
using outcome = session::child_output::outcome;

constexpr session::output_limits limits = {.line_bytes = std::size_t{64} << 20,
                                           .total_bytes = std::size_t{64} << 30};
constexpr double open_limit_s = 60;
constexpr double answer_limit_s = 20;
constexpr double beyond_slice_limit_s = 40;  // drain, time-outs and a slow end

session::child_command command_of(const std::vector<std::string>& program,
                                  const std::vector<int>& cpus) {
  session::child_command command;
  command.argv = program;
  command.argv.push_back("--serve");
  command.cpus = cpus;
  return command;
}

// They become parts of file names: `response`, or `<class>.response`.
void require_plain_names(const json& load) {
  constexpr std::size_t longest = 80;
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  const json histograms = load.value("histograms", json::object());
  if (!histograms.is_object()) throw refusal("the load generator's `histograms` is no object");
  for (const auto& each : histograms.items()) {
    const std::string& name = each.key();
    if (!name.empty() && name.size() <= longest && std::ranges::all_of(name, is_plain)) continue;
    throw refusal(
        fmt::format("the load generator names a histogram {}: use at most {} of a-z, 0-9, _ and .",
                    session::quoted_excerpt(name), longest));
  }
}

std::int64_t count_in(const json& answer, const char* key) {
  const auto value = record::integer_at(answer, key);
  if (value && *value >= 0) return *value;
  throw refusal(
      fmt::format("the load generator's count `{}` is missing or not a whole number >= 0", key));
}

double number_in(const json& answer, const char* key) {
  const auto value = record::number_at(answer, key);
  if (value && *value >= 0) return *value;
  throw refusal(
      fmt::format("the load generator's number `{}` is missing or not a number >= 0", key));
}

}  // namespace

load_process::load_process(session::output_pump& pump, const std::vector<std::string>& program,
                           const std::vector<int>& cpus)
    : child_(command_of(program, cpus)), output_(pump, child_, limits) {}

json load_process::ask(const json& command, double limit_s) {
  const std::string what = record::text_or(command, "command");
  const auto fail = [&](const std::string& how) {
    usable_ = false;
    const std::string tail = observe::trimmed(output_.error_tail());
    throw refusal(fmt::format("the load generator {} `{}`{}", how, what,
                              tail.empty() ? "" : ": " + session::quoted_excerpt(tail, 300)));
  };
  if (!usable_) throw refusal("the load generator has ended");
  if (!child_.write_line(command.dump())) fail("has ended before");
  std::string line;
  const outcome got = output_.next_line(observe::from_now(limit_s), line);
  if (got == outcome::late) {
    usable_ = false;
    throw refusal(observe::with_stacks(
        fmt::format("the load generator gave no answer in time to `{}`", what), child_.pid()));
  }
  if (got != outcome::line) fail("gave no answer to");
  json answer = record::parse_untrusted(line);
  const std::string event = record::text_or(answer, "event");
  if (event == "error") {
    throw refusal(
        record::text_or(answer, "message", "the load generator gave no reason"),
        record::text_or(answer, "remedy"),
        answer.value("unsupported", json()) == true ? refusal::unsupported : refusal::failed);
  }
  if (event.empty()) fail(fmt::format("answered {} to", session::quoted_excerpt(line, 100)));
  return answer;
}

void load_process::open(const std::string& name, const std::vector<std::string>& arguments) {
  ask({{"command", "open"}, {"name", name}, {"arguments", arguments}}, open_limit_s);
}

client_slice load_process::slice(const std::string& name, double settle_s, double duration_s,
                                 std::uint64_t seed) {
  const json said = ask({{"command", "slice"},
                         {"name", name},
                         {"settle_s", settle_s},
                         {"duration_s", duration_s},
                         {"seed", seed}},
                        settle_s + duration_s + beyond_slice_limit_s);
  return {.sent = count_in(said, "sent"),
          .answered = count_in(said, "answered"),
          .planned = count_in(said, "planned"),
          .ok = count_in(said, "ok"),
          .phase_s = number_in(said, "phase_s"),
          .achieved_per_s = number_in(said, "achieved_per_s"),
          .p50_ns = count_in(said, "p50_ns"),
          .p99_ns = count_in(said, "p99_ns"),
          .max_ns = count_in(said, "max_ns"),
          .send_delay_p99_ns = count_in(said, "send_delay_p99_ns"),
          .client_delay_p99_ns = count_in(said, "client_delay_p99_ns"),
          .client_share = number_in(said, "client_share"),
          .all_connections_lost = said.value("all_connections_lost", json()) == true,
          .server_died = said.value("server_died", json()) == true};
}

void load_process::count(const std::string& name, const char* as) {
  ask({{"command", "count"}, {"name", name}, {"as", as}}, answer_limit_s);
}

json load_process::result(const std::string& name) {
  json said = ask({{"command", "result"}, {"name", name}}, answer_limit_s);
  for (const char* const key : {"load", "as_lived"}) {
    const json* const load = record::member_of(said, key);
    if (load == nullptr || !load->is_object())
      throw refusal(fmt::format("the load generator's result has no `{}`", key));
    require_plain_names(*load);
  }
  return said;
}

void load_process::close(const std::string& name) {
  ask({{"command", "close"}, {"name", name}}, answer_limit_s);
}

}  // namespace tailrace::campaign
