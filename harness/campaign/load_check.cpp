// SPDX-License-Identifier: MIT
// See load_check.hpp.
#include "harness/campaign/load_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace tailrace::campaign {
namespace {

using nlohmann::json;

// A count above this would overflow the sums below: no run comes near.
constexpr std::int64_t count_max = std::int64_t{1} << 60;

}  // namespace

std::optional<std::int64_t> count_of(const json& counts, const char* name) {
  if (!counts.is_object()) return std::nullopt;
  const auto found = counts.find(name);
  if (found == counts.end() || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > std::uint64_t{count_max}) {
    return std::nullopt;
  }
  const auto value = found->get<std::int64_t>();
  return value < 0 ? std::nullopt : std::optional(value);
}

namespace {

// All of them, or a fault for each that is not a count.
template <std::size_t N>
bool read_counts(const json& object, const char* whose, const std::array<const char*, N>& names,
                 std::array<std::int64_t, N>& values, std::vector<std::string>& faults) {
  for (std::size_t i = 0; i < N; ++i) {
    const auto value = count_of(object, names[i]);
    if (!value) {
      faults.push_back(
          fmt::format("{} count `{}` is missing or not a whole number >= 0", whose, names[i]));
    }
    values[i] = value.value_or(0);
  }
  return faults.empty();
}

constexpr std::array<const char*, 9> request_counts = {"planned",    "sent",      "skipped_late",
                                                       "never_sent", "ok",        "wrong",
                                                       "errors",     "timed_out", "in_flight"};

std::string identity_fault(const std::array<std::int64_t, 9>& v, const std::string& whose) {
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

// The two classes that a point of this kind splits its connections in; empty: none.
std::vector<const char*> classes_of(point_kind kind) {
  if (kind == point_kind::hog) return {"others", "hogs"};
  if (kind == point_kind::skew) return {"cold", "hot"};
  return {};
}

const json* class_of(const json& load, const char* name) {
  const auto classes = load.find("classes");
  if (classes == load.end() || !classes->is_object()) return nullptr;
  const auto found = classes->find(name);
  return found != classes->end() && found->is_object() ? &*found : nullptr;
}

// The identities of each class, and that the classes add up to the whole.
std::vector<std::string> class_faults(const json& load, const point& work,
                                      const std::array<std::int64_t, 9>& whole) {
  std::vector<std::string> faults;
  std::array<std::int64_t, 9> sum{};
  for (const char* const name : classes_of(work.kind)) {
    const json* const one = class_of(load, name);
    const json* const counts =
        one != nullptr && one->contains("counts") ? &(*one)["counts"] : nullptr;
    if (counts == nullptr || !counts->is_object()) {
      return {fmt::format("the load object has no counts of the class `{}`", name)};
    }
    std::array<std::int64_t, 9> v{};
    if (!read_counts<9>(*counts, "the load generator's", request_counts, v, faults)) return faults;
    if (std::string fault = identity_fault(v, fmt::format(" of {}", name)); !fault.empty()) {
      faults.push_back(std::move(fault));
    }
    for (std::size_t i = 0; i < v.size(); ++i)
      sum[i] += v[i];
  }
  for (std::size_t i = 0; i < sum.size(); ++i) {
    if (sum[i] == whole[i] || classes_of(work.kind).empty()) continue;
    faults.push_back(fmt::format("the classes have `{}` {} together, and the whole has {}",
                                 request_counts[i], sum[i], whole[i]));
  }
  return faults;
}

// A burn is counted for each whole message that a hog sent: at least those that were answered, at
// most those that were sent, over the whole run. Once all are answered, that is exact.
std::vector<std::string> burn_faults(const json& load, const json& counts, const point& work) {
  std::int64_t sent = 0;
  std::int64_t answered = 0;
  for (const char* const name : classes_of(work.kind)) {
    if (work.kind == point_kind::hog && std::string_view(name) != "hogs") continue;
    const json* const one = class_of(load, name);
    const json whole_run = one != nullptr ? one->value("whole_run", json()) : json();
    const auto class_sent = count_of(whole_run, "sent");
    const auto class_answered = count_of(whole_run, "answered");
    if (!class_sent || !class_answered) {
      return {
          fmt::format("the load object does not say how much the class `{}` sent in all", name)};
    }
    sent += *class_sent;
    answered += *class_answered;
  }
  const auto burns = count_of(counts, "burns");
  if (!burns) return {"the target's count `burns` is missing or not a whole number >= 0"};
  if (*burns >= answered && *burns <= sent) return {};
  return {
      fmt::format("the target burnt CPU time for {} messages, and its hogs sent {}, of which {} "
                  "were answered",
                  *burns, sent, answered)};
}

}  // namespace

std::vector<std::string> load_faults(const json& load, const point& work) {
  std::vector<std::string> faults;
  const auto counts = load.find("counts");
  if (counts == load.end() || !counts->is_object()) return {"the load object has no counts"};
  std::array<std::int64_t, 9> v{};
  if (!read_counts<9>(*counts, "the load generator's", request_counts, v, faults)) return faults;
  if (std::string fault = identity_fault(v, ""); !fault.empty()) faults.push_back(std::move(fault));
  for (std::string& fault : class_faults(load, work, v))
    faults.push_back(std::move(fault));
  const std::int64_t ok = v[4];
  const std::int64_t wrong = v[5];
  const std::int64_t errors = v[6];
  const std::int64_t timed_out = v[7];
  if (load.value("server_died", json()) == true) faults.push_back("the target died under load");
  const auto opened = count_of(load, "connections_opened").value_or(work.connections);
  if (opened != work.connections) {
    faults.push_back(fmt::format("{} of {} connections could be opened", opened, work.connections));
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

std::vector<std::string> count_faults(const json& counts, bool last) {
  std::vector<std::string> faults;
  std::array<std::int64_t, 7> v{};
  if (!read_counts<7>(
          counts, "the target's",
          {"accepted", "closed", "open", "received_bytes", "sent_bytes", "errors", "accept_errors"},
          v, faults)) {
    return faults;
  }
  const auto [accepted, closed, open, received, sent, errors, accept_errors] = v;
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
  if (last && open != 0) {
    faults.push_back(fmt::format("the target's result still has {} connections open", open));
  }
  if (last && count_of(counts, "sleeping").value_or(0) != 0) {
    faults.push_back("the target's result still has sleeping tasks");
  }
  if (count_of(counts, "woken_early").value_or(0) != 0) {
    faults.push_back("tasks of the target woke early");
  }
  return faults;
}

std::vector<std::string> agreement_faults(const json& load, const json& counts, const point& work) {
  std::vector<std::string> faults;
  const auto ok = count_of(load.at("counts"), "ok").value_or(0);
  const auto size = count_of(load, "message_bytes").value_or(0);
  const auto sent = count_of(counts, "sent_bytes").value_or(0);
  if (size > 0 && ok > sent / size) {
    faults.push_back(
        fmt::format("the client verified {} messages of {} bytes, more than the {} "
                    "bytes that the target says it sent",
                    ok, size, sent));
  }
  const auto opened = count_of(load, "connections_opened").value_or(0);
  const auto accepted = count_of(counts, "accepted").value_or(0);
  if (opened > accepted) {
    faults.push_back(fmt::format("the client opened {} connections and the target accepted {}",
                                 opened, accepted));
  }
  if (faults.empty() && work.workload == "hog") return burn_faults(load, counts, work);
  return faults;
}

}  // namespace tailrace::campaign
