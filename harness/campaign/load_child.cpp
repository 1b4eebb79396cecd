// SPDX-License-Identifier: MIT
// See load_child.hpp.
#include "harness/campaign/load_child.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/observe/cpu_use.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;
using outcome = session::child_output::outcome;

constexpr session::output_limits load_limits = {std::size_t{64} << 20, std::size_t{64} << 20};
constexpr double hold_answer_s = 60;
constexpr int not_possible_here = 3;  // exit code of `tailrace load`

session::child_command command_of(const load_request& request, const point& work, bool hold) {
  session::child_command command;
  command.argv = request.program;
  const auto add = [&](std::initializer_list<std::string> more) {
    command.argv.insert(command.argv.end(), more);
  };
  add({"--connect", request.address, "--message-bytes", std::to_string(work.message_bytes),
       "--seed", std::to_string(request.seed)});
  if (!request.cpus.empty() && request.own_cpus) add({"--cpus", observe::cpus_text(request.cpus)});
  command.cpus = request.cpus;
  if (hold) {
    add({"--hold"});
    return command;
  }
  add({"--connections", std::to_string(work.connections), "--warmup-s",
       fmt::format("{}", work.warmup_s), "--duration-s", fmt::format("{}", work.duration_s),
       "--json", "-", "--engine", work.engine});
  if (!work.at_offered_rate()) {
    add({"--depth", std::to_string(work.depth)});
    return command;
  }
  add({"--rate", fmt::format("{}", work.rate_per_s), "--arrivals", work.arrivals});
  if (!request.own_cpus) add({"--no-spin"});
  if (work.kind == point_kind::hog) {
    add({"--hog-every", std::to_string(work.hog_every), "--hog-rate",
         fmt::format("{}", work.hog_rate_per_s)});
  }
  if (work.kind == point_kind::skew) {
    add({"--hot-connections", std::to_string(work.hot_connections), "--hot-share",
         fmt::format("{}", work.hot_share)});
  }
  return command;
}

std::string with_tail(std::string cause, const session::child_output& output) {
  const std::string tail = observe::trimmed(output.error_tail());
  if (!tail.empty()) cause += ": " + session::quoted_excerpt(tail, 300);
  return cause;
}

}  // namespace

load_run::load_run(session::output_pump& pump, const load_request& request, const point& work)
    : child_(command_of(request, work, false)), output_(pump, child_, load_limits) {}

json load_run::finish(std::int64_t deadline_ns) {
  std::string text;
  const outcome end = output_.everything(deadline_ns, text);
  if (end == outcome::late) throw refusal("the load generator did not end in time");
  if (end == outcome::too_much) throw refusal("the load generator flooded its output");
  const auto status = child_.wait_exit(observe::monotonic_ns() + 2'000'000'000);
  json object = json::parse(text, nullptr, false);
  if (object.is_object()) return object;
  const std::string how = status ? session::exit_text(*status) : "did not exit";
  if (status && session::exit_code(*status) == not_possible_here) {
    throw refusal(observe::trimmed(output_.error_tail()), "", refusal::unsupported);
  }
  throw refusal(with_tail(fmt::format("the load generator {} without a result", how), output_));
}

load_hold::load_hold(session::output_pump& pump, const load_request& request, const point& work)
    : child_(command_of(request, work, true)), output_(pump, child_) {}

void load_hold::command(const std::string& text) {
  if (!child_.write_line(text)) {
    throw refusal(with_tail("the load generator has ended before `" + text + "`", output_));
  }
  std::string line;
  const std::int64_t deadline =
      observe::monotonic_ns() + static_cast<std::int64_t>(hold_answer_s * 1e9);
  const outcome got = output_.next_line(deadline, line);
  if (got != outcome::line) {
    throw refusal(with_tail("the load generator gave no answer to `" + text + "`", output_));
  }
  const json answer = json::parse(line, nullptr, false);
  if (answer.is_object() && answer.value("ok", json()) == true) return;
  std::string cause = "the load generator could not `" + text + "`";
  if (answer.is_object() && answer.contains("message") && answer["message"].is_string()) {
    cause += ": " + answer["message"].get<std::string>();
  } else {
    cause += ": " + session::quoted_excerpt(line, 200);
  }
  throw refusal(cause);
}

void load_hold::quit() {
  child_.write_line("quit");
  child_.close_input();
  child_.wait_exit(observe::monotonic_ns() + 5'000'000'000);
}

}  // namespace tailrace::campaign
