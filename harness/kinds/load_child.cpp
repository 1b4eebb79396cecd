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

}  // namespace

load_hold::load_hold(session::output_pump& pump, const campaign::cell_context& cell,
                     const std::string& address, std::int64_t message_bytes,
                     const std::vector<std::string>& more)
    : child_([&] {
        std::vector<std::string> options = {"--message-bytes", std::to_string(message_bytes),
                                            "--hold"};
        options.insert(options.end(), more.begin(), more.end());
        return command_of(cell, address, options);
      }()),
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
