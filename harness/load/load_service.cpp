// SPDX-License-Identifier: MIT
// See load_service.hpp.
#include "harness/load/load_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/load/command_line.hpp"
#include "harness/load/load_json.hpp"
#include "harness/load/load_session.hpp"
#include "harness/load/slice_account.hpp"
#include "harness/record/json_fields.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {
namespace {

using nlohmann::json;

constexpr std::size_t command_bytes_max = 64 << 10;
constexpr std::size_t sessions_max = 10'000;
constexpr double slice_s_max = 3600;

class service {
 public:
  explicit service(const std::atomic<bool>& stop) : stop_(stop) {}

  // The answer. Throws a refusal where the command cannot be carried out.
  json answer(const json& command);

 private:
  struct held {
    std::unique_ptr<load_session> session;
    slice_account account;
  };

  json open(const std::string& name, const json& command);
  json slice(held& of, const json& command);
  json count(held& of, const json& command);
  json result(const held& of);
  held& named(const std::string& name);

  const std::atomic<bool>& stop_;
  std::map<std::string, held> held_;
};

double number_in(const json& command, const char* key, double low, double high) {
  const auto found = record::number_at(command, key);
  if (found && *found >= low && *found <= high) return *found;
  throw refusal(fmt::format("`{}` has to be a number from {} to {}", key, low, high));
}

json summary_of(const load_result& slice) {
  const tally& total = slice.total;
  const tally& leading = slice.leading();
  return {{"sent", total.whole_run.sent},
          {"answered", total.whole_run.answered},
          {"planned", total.counts.planned},
          {"ok", total.counts.ok},
          {"never_sent", total.counts.never_sent + total.counts.skipped_late},
          {"unanswered", total.counts.timed_out + total.counts.in_flight},
          {"phase_s", slice.phase_s},
          {"achieved_per_s", slice.achieved_per_s},
          {"p50_ns", leading.response.quantile(0.5)},
          {"p99_ns", leading.response.quantile(0.99)},
          {"max_ns", leading.response.max()},
          {"send_delay_p99_ns", leading.lateness.quantile(0.99)},
          {"client_delay_p99_ns", leading.client_delay.quantile(0.99)},
          {"client_share", slice.busy_share},
          {"clean", slice.clean()},
          {"stopped_early", slice.stopped_early},
          {"reconnects", total.reconnects},
          {"all_connections_lost", slice.all_connections_lost},
          {"server_died", slice.server_died}};
}

service::held& service::named(const std::string& name) {
  const auto found = held_.find(name);
  if (found == held_.end()) throw refusal("nothing is open by the name '" + name + "'");
  return found->second;
}

json service::open(const std::string& name, const json& command) {
  if (name.empty()) throw refusal("`name` has to be some text");
  if (held_.contains(name)) throw refusal("'" + name + "' is open already");
  if (held_.size() >= sessions_max)
    throw refusal(fmt::format("{} sessions are open, which is the most", sessions_max));
  const json* const given = record::member_of(command, "arguments");
  std::vector<std::string> words = {"tailrace load"};
  if (given != nullptr && given->is_array())
    for (const json& each : *given)
      if (each.is_string()) words.push_back(each.get<std::string>());
  std::vector<const char*> argv;
  for (const std::string& each : words)
    argv.push_back(each.c_str());
  // Help would be printed where the answers go.
  if (std::ranges::any_of(words, [](const auto& word) { return word == "-h" || word == "--help"; }))
    throw refusal("`arguments` ask for help: run tailrace load --help");
  const parsed_command_line parsed = parse_command_line(static_cast<int>(argv.size()), argv.data());
  if (parsed.exit_code || parsed.options.hold)
    throw refusal("`arguments` are not those of a load run; standard error says why");
  auto session = std::make_unique<load_session>(parsed.options, stop_);
  held_.emplace(name, held{std::move(session), {}});
  return {{"event", "opened"}, {"connections", parsed.options.connections}};
}

json service::slice(held& of, const json& command) {
  const auto seed = record::integer_at(command, "seed");
  if (!seed || *seed < 0) throw refusal("`seed` has to be a whole number, 0 or more");
  load_result slice =
      of.session->run({.settle_s = number_in(command, "settle_s", 0, slice_s_max),
                       .duration_s = number_in(command, "duration_s", 0.001, slice_s_max),
                       .seed = static_cast<std::uint64_t>(*seed)});
  json summary = summary_of(slice);
  summary["event"] = "slice";
  of.account.take(std::move(slice));
  return summary;
}

json service::count(held& of, const json& command) {
  static const std::map<std::string, slice_use> uses = {{"kept", slice_use::kept},
                                                        {"disturbed", slice_use::disturbed},
                                                        {"warmup", slice_use::warmup}};
  const auto use = uses.find(record::text_or(command, "as"));
  if (use == uses.end()) throw refusal("`as` has to be kept, disturbed or warmup");
  if (!of.account.count(use->second)) throw refusal("there is no slice that is not counted yet");
  return {{"event", "counted"}};
}

json service::result(const held& of) {
  return {{"event", "result"},
          {"load", json::parse(load_object(of.account.kept()))},
          {"as_lived", json::parse(load_object(of.account.lived()))}};
}

json service::answer(const json& command) {
  const std::string what = record::text_or(command, "command");
  const std::string name = record::text_or(command, "name");
  json said;
  if (what == "open") {
    said = open(name, command);
  } else if (what == "slice") {
    said = slice(named(name), command);
  } else if (what == "count") {
    said = count(named(name), command);
  } else if (what == "result") {
    said = result(named(name));
  } else if (what == "close") {
    static_cast<void>(named(name));
    held_.erase(name);
    said = {{"event", "closed"}};
  } else {
    throw refusal("unknown command '" + what.substr(0, 40) + "'",
                  "use open, slice, count, result, close or quit");
  }
  said["name"] = name;
  return said;
}

// One line without its newline; false at the end of input. Longer lines are cut, their rest is
// skipped, so that they are refused as no JSON.
bool read_line(std::FILE* in, std::string& line) {
  line.clear();
  for (int c = std::getc(in); c != EOF; c = std::getc(in)) {
    if (c == '\n') return true;
    if (line.size() < command_bytes_max) line.push_back(static_cast<char>(c));
  }
  return false;
}

void print(std::FILE* out, const json& object) {
  fmt::print(out, "{}\n", object.dump(-1, ' ', true, json::error_handler_t::replace));
  std::fflush(out);
}

}  // namespace

int run_service(std::FILE* in, std::FILE* out, const std::atomic<bool>& stop) {
  service held(stop);
  std::string line;
  // relaxed: only the flag itself is communicated.
  while (!stop.load(std::memory_order_relaxed) && read_line(in, line)) {
    const json command = record::parse_untrusted(line);
    const std::string what = record::text_or(command, "command");
    if (what == "quit") break;
    try {
      if (!command.is_object()) throw refusal("a command is one JSON object on a line");
      print(out, held.answer(command));
    } catch (const refusal& why) {
      print(out, {{"event", "error"},
                  {"command", what},
                  {"name", record::text_or(command, "name")},
                  {"message", why.cause()},
                  {"remedy", why.remedy()},
                  {"unsupported", why.exit_code() == refusal::unsupported}});
    }
  }
  return 0;
}

}  // namespace tailrace::load
