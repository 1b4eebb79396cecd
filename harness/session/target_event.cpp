// SPDX-License-Identifier: MIT
// See target_event.hpp.
#include "harness/session/target_event.hpp"

#include <fmt/format.h>

#include <array>
#include <climits>

#include "harness/record/json_fields.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/child_output.hpp"

namespace tailrace::session {
namespace {

using nlohmann::json;
using is_type = bool (json::*)() const noexcept;

const json& field(const json& object, const char* name, is_type is, const char* type) {
  const json* const found = record::member_of(object, name);
  if (found == nullptr) throw refusal(fmt::format("the target's event lacks `{}`", name));
  if (!(found->*is)())
    throw refusal(fmt::format("`{}` of the target's event is not {}", name, type));
  return *found;
}

std::string text_field(const json& object, const char* name) {
  return field(object, name, &json::is_string, "a string").get<std::string>();
}

std::int64_t integer_field(const json& object, const char* name) {
  const auto number =
      record::integer_of(field(object, name, &json::is_number_integer, "an integer"));
  if (!number) throw refusal(fmt::format("`{}` of the target's event is beyond 63 bits", name));
  return *number;
}

int positive_field(const json& object, const char* name) {
  const std::int64_t number = integer_field(object, name);
  if (number < 1 || number > INT_MAX)
    throw refusal(fmt::format("`{}` of the target's event is not from 1 to {}", name, INT_MAX));
  return static_cast<int>(number);
}

count_map read_counts(const json& object) {
  count_map counts;
  for (const auto& [name, value] : field(object, "counts", &json::is_object, "an object").items()) {
    const auto number = record::integer_of(value);
    if (!number || *number < 0)
      throw refusal("the target's count " + quoted_excerpt(name) + " is no integer of 0 or more");
    counts[name] = *number;
  }
  return counts;
}

void require_metric(const std::string& name, const json& value) {
  const auto refuse = [&name](const char* what) {
    throw refusal("the target's metric " + quoted_excerpt(name) + " is " + what);
  };
  if (!value.is_array() && !value.is_number_integer())
    refuse("neither an integer nor a list of integers");
  for (const json& each : value.is_array() ? value : json::array({value})) {
    const auto number = record::integer_of(each);
    if (!number) refuse("not made of integers of 63 bits");
    if (*number < 0) refuse("negative");
  }
}

json read_metrics(const json& object) {
  const json& metrics = field(object, "metrics", &json::is_object, "an object");
  for (const auto& [name, value] : metrics.items())
    require_metric(name, value);
  return metrics;
}

ready_event read_ready(const json& object) {
  ready_event event;
  event.pid = positive_field(object, "pid");
  event.backend = text_field(object, "backend");
  event.workers = positive_field(object, "workers");
  event.granted = field(object, "granted", &json::is_object, "an object");
  for (const auto& [name, room] : {std::pair{"connections_at_once", &event.connections_at_once},
                                   std::pair{"tasks_at_once", &event.tasks_at_once}})
    if (event.granted.contains(name)) *room = integer_field(event.granted, name);
  for (const json& each : field(object, "addresses", &json::is_array, "a list")) {
    if (!each.is_string()) throw refusal("an address of the target's `ready` is not a string");
    event.addresses.push_back(each.get<std::string>());
  }
  if (event.backend.empty()) throw refusal("the target's `ready` is without the backend in use");
  return event;
}

error_event read_error(const json& object) {
  error_event event{text_field(object, "message"), text_field(object, "remedy")};
  if (event.message.empty()) throw refusal("the target's `error` is without a message");
  return event;
}

}  // namespace

std::string_view kind_of(const target_event& event) {
  constexpr std::array<std::string_view, 4> kinds = {"ready", "sample", "result", "error"};
  return kinds[event.index()];
}

target_event read_event(const std::string& line) {
  const json object = record::parse_untrusted(line);
  if (!object.is_object() || !object.contains("event") || !object["event"].is_string())
    throw refusal("the target printed what is not an event: " + quoted_excerpt(line));
  const std::string kind = object["event"].get<std::string>();
  if (kind == "ready") return read_ready(object);
  if (kind == "sample") return sample_event{integer_field(object, "t_ns"), read_counts(object)};
  if (kind == "result") {
    return result_event{
        read_counts(object), read_metrics(object),
        read_histograms(field(object, "histograms", &json::is_object, "an object"))};
  }
  if (kind == "error") return read_error(object);
  throw refusal("the target printed the unknown event " + quoted_excerpt(kind));
}

json json_of(const ready_event& event) {
  return {{"pid", event.pid},
          {"addresses", event.addresses},
          {"backend", event.backend},
          {"workers", event.workers},
          {"granted", event.granted}};
}

json json_of(const result_event& event) {
  return {{"counts", event.counts}, {"metrics", event.metrics}};
}

}  // namespace tailrace::session
