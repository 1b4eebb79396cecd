// SPDX-License-Identifier: MIT
// See load_child.hpp.
#include "harness/kinds/load_child.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/observe/clock.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/thread_stacks.hpp"
#include "harness/record/json_fields.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::kinds {
namespace {

using nlohmann::json;
using outcome = session::child_output::outcome;

constexpr session::output_limits load_limits = {std::size_t{64} << 20, std::size_t{64} << 20};
constexpr double hold_answer_s = 60;

// Where client and target share CPUs, the client may neither pin its thread nor poll.
session::child_command command_of(const campaign::cell_context& cell, const std::string& address,
                                  const std::vector<std::string>& options) {
  const campaign::cell_setting& setting = cell.setting;
  session::child_command command;
  command.argv = setting.load_program;
  command.cpus = setting.cpus.client;
  const auto add = [&](std::initializer_list<std::string> more) {
    command.argv.insert(command.argv.end(), more);
  };
  add({"--connect", address, "--seed", std::to_string(cell.cell.seed)});
  if (!command.cpus.empty() && !setting.cpus.shared)
    add({"--cpus", observe::cpus_text(command.cpus)});
  command.argv.insert(command.argv.end(), options.begin(), options.end());
  return command;
}

std::string with_tail(std::string cause, const session::child_output& output) {
  const std::string tail = observe::trimmed(output.error_tail());
  if (!tail.empty()) cause += ": " + session::quoted_excerpt(tail, 300);
  return cause;
}

// They become parts of file names: `response`, or `<class>.response`.
void require_plain_names(const json& histograms) {
  constexpr std::size_t longest = 80;
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  if (!histograms.is_object()) throw refusal("the load generator's `histograms` is no object");
  for (const auto& each : histograms.items()) {
    const std::string& name = each.key();
    if (!name.empty() && name.size() <= longest && std::ranges::all_of(name, is_plain)) continue;
    throw refusal(
        fmt::format("the load generator names a histogram {}: use at most {} of a-z, 0-9, _ and .",
                    session::quoted_excerpt(name), longest));
  }
}

}  // namespace

load_run::load_run(session::output_pump& pump, const campaign::cell_context& cell,
                   const std::string& address, const std::vector<std::string>& options)
    : child_(command_of(cell, address, options)), output_(pump, child_, load_limits) {}

json load_run::finish(std::int64_t deadline_ns) {
  std::string text;
  const outcome end = output_.everything(deadline_ns, text);
  if (end == outcome::late)
    throw refusal(observe::with_stacks("the load generator did not end in time", child_.pid()));
  if (end == outcome::too_much) throw refusal("the load generator flooded its output");
  const auto status = output_.wait_exit(observe::from_now(2));
  json object = record::parse_untrusted(text);
  if (object.is_object()) {
    require_plain_names(object.value("histograms", json::object()));
    return object;
  }
  const std::string how = status ? session::exit_text(*status) : "did not exit";
  if (status && session::exit_code(*status) == refusal::unsupported) {
    throw refusal(observe::trimmed(output_.error_tail()), "", refusal::unsupported);
  }
  throw refusal(with_tail(fmt::format("the load generator {} without a result", how), output_));
}

load_hold::load_hold(session::output_pump& pump, const campaign::cell_context& cell,
                     const std::string& address, std::int64_t message_bytes)
    : child_(
          command_of(cell, address, {"--message-bytes", std::to_string(message_bytes), "--hold"})),
      output_(pump, child_) {}

void load_hold::command(const std::string& text) {
  if (!child_.write_line(text))
    throw refusal(with_tail("the load generator has ended before `" + text + "`", output_));
  std::string line;
  const outcome got = output_.next_line(observe::from_now(hold_answer_s), line);
  if (got == outcome::late) {
    throw refusal(observe::with_stacks(
        "the load generator gave no answer in time to `" + text + "`", child_.pid()));
  }
  if (got != outcome::line)
    throw refusal(with_tail("the load generator gave no answer to `" + text + "`", output_));
  const json answer = record::parse_untrusted(line);
  if (answer.is_object() && answer.value("ok", json()) == true) return;
  throw refusal(
      fmt::format("the load generator could not `{}`: {}", text,
                  record::text_or(answer, "message", session::quoted_excerpt(line, 200))));
}

void load_hold::quit() {
  child_.write_line("quit");
  child_.close_input();
  output_.wait_exit(observe::from_now(5));
}

}  // namespace tailrace::kinds
