// SPDX-License-Identifier: MIT
// See reported_counts.hpp.
#include "harness/kinds/reported_counts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/record/json_fields.hpp"

namespace tailrace::kinds {
namespace {

using nlohmann::json;

// A count above this would overflow the sums below: no run comes near.
constexpr std::int64_t count_max = std::int64_t{1} << 60;

std::optional<std::int64_t> count_of(const json& counts, const char* name) {
  const auto value = record::integer_at(counts, name);
  return value && *value >= 0 && *value <= count_max ? value : std::nullopt;
}

constexpr std::array<const char*, 9> request_counts = {"planned",    "sent",      "skipped_late",
                                                       "never_sent", "ok",        "wrong",
                                                       "errors",     "timed_out", "in_flight"};

using request_values = std::array<std::int64_t, request_counts.size()>;

// All of them, or a fault for each that is not a count.
bool read_counts(const json& object, request_values& values, std::vector<std::string>& faults) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = count_of(object, request_counts[i]);
    if (!value) {
      faults.push_back(
          fmt::format("the load generator's count `{}` is missing or not a whole number >= 0",
                      request_counts[i]));
    }
    values[i] = value.value_or(0);
  }
  return faults.empty();
}

std::string identity_fault(const request_values& v, const std::string& whose) {
  const auto [planned, sent, skipped, never, ok, wrong, errors, timed_out, in_flight] = v;
  if (planned != sent + skipped + never) {
    return fmt::format(
        "counts{} do not add up: planned {} is not sent {} + skipped late {} + never sent {}",
        whose, planned, sent, skipped, never);
  }
  if (sent != ok + wrong + errors + timed_out + in_flight) {
    return fmt::format(
        "counts{} do not add up: sent {} is not ok {} + wrong {} + errors {} + timed out {} + in "
        "flight {}",
        whose, sent, ok, wrong, errors, timed_out, in_flight);
  }
  return {};
}

const json* class_of(const json& load, const std::string& name) {
  const json* const classes = record::member_of(load, "classes");
  return classes == nullptr ? nullptr : record::member_of(*classes, name);
}

// The identities of each class, and that the classes add up to the whole.
std::vector<std::string> class_faults(const json& load, const std::vector<std::string>& classes,
                                      const request_values& whole) {
  std::vector<std::string> faults;
  if (classes.empty()) return faults;
  request_values sum{};
  for (const std::string& name : classes) {
    const json* const one = class_of(load, name);
    const json* const counts = one == nullptr ? nullptr : record::member_of(*one, "counts");
    if (counts == nullptr || !counts->is_object())
      return {fmt::format("the load object has no counts of the class `{}`", name)};
    request_values v{};
    if (!read_counts(*counts, v, faults)) return faults;
    if (std::string fault = identity_fault(v, fmt::format(" of {}", name)); !fault.empty())
      faults.push_back(std::move(fault));
    for (std::size_t i = 0; i < v.size(); ++i)
      sum[i] += v[i];
  }
  for (std::size_t i = 0; i < sum.size(); ++i) {
    if (sum[i] == whole[i]) continue;
    faults.push_back(fmt::format("the classes have `{}` {} together, and the whole has {}",
                                 request_counts[i], sum[i], whole[i]));
  }
  return faults;
}

}  // namespace

std::vector<std::string> load_faults(const json& load, std::int64_t connections,
                                     const std::vector<std::string>& classes) {
  std::vector<std::string> faults;
  const json* const counts = record::member_of(load, "counts");
  if (counts == nullptr || !counts->is_object()) return {"the load object has no counts"};
  request_values v{};
  if (!read_counts(*counts, v, faults)) return faults;
  if (std::string fault = identity_fault(v, ""); !fault.empty()) faults.push_back(std::move(fault));
  for (std::string& fault : class_faults(load, classes, v))
    faults.push_back(std::move(fault));
  const std::int64_t ok = v[4];
  const std::int64_t wrong = v[5];
  const std::int64_t errors = v[6];
  const std::int64_t timed_out = v[7];
  if (load.value("server_died", json()) == true)
    faults.push_back("the target died under load");
  else if (load.value("all_connections_lost", json()) == true)
    faults.push_back("the target ended every connection under load");
  const auto opened = count_of(load, "connections_opened").value_or(connections);
  if (opened != connections) {
    faults.push_back(fmt::format("{} of {} connections could be opened", opened, connections));
  }
  if (wrong > 0) faults.push_back(fmt::format("{} answers had a wrong payload", wrong));
  if (count_of(load, "extra_bytes").value_or(0) > 0) {
    faults.push_back("the target sent bytes that nobody asked for");
  }
  if (errors > 0) {
    const auto names = load.find("errors_by_name");
    faults.push_back(fmt::format("{} requests ended by an error{}", errors,
                                 names == load.end() ? "" : " " + names->dump()));
  }
  if (timed_out > 0) faults.push_back(fmt::format("{} requests timed out", timed_out));
  if (ok == 0 && faults.empty()) {
    const bool idle = v[1] == 0 && v[8] == 0;
    faults.push_back(idle ? "the client sent nothing: this machine did not let it run in time"
                          : fmt::format("not one request was answered: {} sent, {} under way at "
                                        "the end",
                                        v[1], v[8]));
  }
  return faults;
}

std::vector<std::string> missing_counts(const session::count_map& counts,
                                        std::initializer_list<const char*> names) {
  std::vector<std::string> faults;
  for (const char* const name : names)
    if (!counts.contains(name))
      faults.push_back(fmt::format("the target's count `{}` is missing", name));
  return faults;
}

std::vector<std::string> count_faults(const session::count_map& counts) {
  std::vector<std::string> faults = missing_counts(
      counts,
      {"accepted", "closed", "open", "received_bytes", "sent_bytes", "errors", "accept_errors"});
  if (!faults.empty()) return faults;
  const std::int64_t accepted = counts.at("accepted");
  const std::int64_t closed = counts.at("closed");
  const std::int64_t open = counts.at("open");
  const std::int64_t sent = counts.at("sent_bytes");
  const std::int64_t received = counts.at("received_bytes");
  const std::int64_t errors = counts.at("errors");
  if (accepted != closed + open) {
    faults.push_back(
        fmt::format("the target's counts do not add up: accepted {} is not closed {} "
                    "+ open {}",
                    accepted, closed, open));
  }
  if (sent > received) {
    faults.push_back(
        fmt::format("the target's counts do not add up: sent {} bytes, more than the "
                    "{} received",
                    sent, received));
  }
  if (errors > 0) {
    faults.push_back(fmt::format("{} connections of the target ended by an error", errors));
  }
  if (open != 0) {
    faults.push_back(fmt::format("the target's result still has {} connections open", open));
  }
  const auto some = [&](const char* name) { return counts.contains(name) && counts.at(name) != 0; };
  if (some("sleeping")) faults.push_back("the target's result still has sleeping tasks");
  if (some("refused")) {
    faults.push_back(
        fmt::format("{} tasks of the target were not let sleep", counts.at("refused")));
  }
  if (some("woken_early")) faults.push_back("tasks of the target woke early");
  return faults;
}

std::vector<std::string> agreement_faults(const json& load, const session::count_map& counts) {
  std::vector<std::string> faults;
  const auto ok = count_of(load.at("counts"), "ok").value_or(0);
  const auto size = count_of(load, "message_bytes").value_or(0);
  const std::int64_t sent = counts.at("sent_bytes");
  if (size > 0 && ok > sent / size) {
    faults.push_back(
        fmt::format("the client verified {} messages of {} bytes, more than the {} "
                    "bytes that the target says it sent",
                    ok, size, sent));
  }
  const auto opened = count_of(load, "connections_opened").value_or(0);
  const std::int64_t accepted = counts.at("accepted");
  if (opened > accepted) {
    faults.push_back(fmt::format("the client opened {} connections and the target accepted {}",
                                 opened, accepted));
  }
  return faults;
}

std::vector<std::string> burn_faults(const json& load, const session::count_map& counts,
                                     const std::vector<std::string>& classes) {
  std::int64_t sent = 0;
  std::int64_t answered = 0;
  for (const std::string& name : classes) {
    const json* const one = class_of(load, name);
    const json* const whole = one == nullptr ? nullptr : record::member_of(*one, "whole_run");
    const auto class_sent = whole == nullptr ? std::nullopt : count_of(*whole, "sent");
    const auto class_answered = whole == nullptr ? std::nullopt : count_of(*whole, "answered");
    if (!class_sent || !class_answered) {
      return {
          fmt::format("the load object does not say how much the class `{}` sent in all", name)};
    }
    sent += *class_sent;
    answered += *class_answered;
  }
  const auto burns = counts.find("burns");
  if (burns == counts.end()) return missing_counts(counts, {"burns"});
  if (burns->second >= answered && burns->second <= sent) return {};
  return {
      fmt::format("the target burnt CPU time for {} messages, and its hogs sent {}, of which {} "
                  "were answered",
                  burns->second, sent, answered)};
}

}  // namespace tailrace::kinds
