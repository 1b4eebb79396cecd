// SPDX-License-Identifier: MIT
// Members of a JSON object that may be absent or of another type: for what other programs print.
// Pure functions, any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace::record {

// Of what another program printed: a discarded value where it is no JSON, or is nested so deeply
// that copying and printing it, which recurse, might use up the stack.
inline nlohmann::json parse_untrusted(std::string_view text) {
  constexpr int depth_max = 32;
  bool too_deep = false;
  const auto look = [&too_deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep = too_deep || depth > depth_max;
    return !too_deep;
  };
  nlohmann::json value = nlohmann::json::parse(text, look, false);
  return too_deep ? nlohmann::json(nlohmann::json::value_t::discarded) : value;
}

// Null where there is no such member, or `object` is none.
inline const nlohmann::json* member_of(const nlohmann::json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

inline std::string text_or(const nlohmann::json& object, std::string_view name,
                           std::string_view fallback = "") {
  const nlohmann::json* const found = member_of(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string(fallback);
}

inline std::optional<double> number_at(const nlohmann::json& object, std::string_view name) {
  const nlohmann::json* const found = member_of(object, name);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

// Of an integer that fits; anything else is none.
inline std::optional<std::int64_t> integer_of(const nlohmann::json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  return value.get<std::int64_t>();
}

inline std::optional<std::int64_t> integer_at(const nlohmann::json& object, std::string_view name) {
  const nlohmann::json* const found = member_of(object, name);
  return found == nullptr ? std::nullopt : integer_of(*found);
}

}  // namespace tailrace::record
