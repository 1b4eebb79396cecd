// SPDX-License-Identifier: MIT
// See schema.hpp.
#include "harness/record/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "harness/record/refusal.hpp"
#include "harness/record/schema_text.hpp"

namespace tailrace::record {
namespace {

using nlohmann::json;

constexpr int depth_max = 64;

constexpr std::array known_keywords = {"$id",
                                       "$schema",
                                       "$defs",
                                       "$ref",
                                       "$comment",
                                       "title",
                                       "description",
                                       "type",
                                       "enum",
                                       "const",
                                       "required",
                                       "properties",
                                       "additionalProperties",
                                       "items",
                                       "minimum",
                                       "maximum",
                                       "minItems"};

bool is_known(const std::string& keyword) {
  for (const char* known : known_keywords) {
    if (keyword == known) return true;
  }
  return false;
}

bool has_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number_integer();
  return false;
}

std::string short_text(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

class checker {
 public:
  checker(const json& root, std::size_t most) : root_(root), most_(most) {}

  void check(const json& schema, const json& value, const std::string& where, int depth) {
    if (found_.size() >= most_) return;
    if (depth > depth_max) return say(where, "is nested too deeply");
    if (schema.contains("$ref")) {
      return check(resolve(schema.at("$ref").get<std::string>()), value, where, depth + 1);
    }
    if (!check_type(schema, value, where)) return;
    check_value(schema, value, where);
    if (value.is_object()) check_object(schema, value, where, depth);
    if (value.is_array()) check_array(schema, value, where, depth);
  }

  std::vector<std::string> take() { return std::move(found_); }

 private:
  void say(const std::string& where, const std::string& what) {
    if (found_.size() < most_) found_.push_back((where.empty() ? "the value" : where) + " " + what);
  }

  const json& resolve(const std::string& reference) {
    const std::string prefix = "#/$defs/";
    if (reference.starts_with(prefix)) {
      const auto& definitions = root_.at("$defs");
      const auto found = definitions.find(reference.substr(prefix.size()));
      if (found != definitions.end()) return *found;
    }
    throw refusal("the result schema refers to " + reference + ", which it does not define");
  }

  bool check_type(const json& schema, const json& value, const std::string& where) {
    const auto type = schema.find("type");
    if (type == schema.end()) return true;
    if (type->is_string()) {
      if (has_type(value, type->get<std::string>())) return true;
    } else {
      for (const json& each : *type) {
        if (has_type(value, each.get<std::string>())) return true;
      }
    }
    say(where, fmt::format("is {}, not {}", short_text(value), type->dump()));
    return false;
  }

  void check_value(const json& schema, const json& value, const std::string& where) {
    if (const auto allowed = schema.find("enum"); allowed != schema.end()) {
      bool found = false;
      for (const json& each : *allowed)
        found = found || each == value;
      if (!found)
        say(where, fmt::format("is {}, not one of {}", short_text(value), allowed->dump()));
    }
    if (const auto fixed = schema.find("const"); fixed != schema.end() && *fixed != value) {
      say(where, fmt::format("is {}, not {}", short_text(value), fixed->dump()));
    }
    if (!value.is_number()) return;
    const auto low = schema.find("minimum");
    if (low != schema.end() && value < *low) {
      say(where, fmt::format("is {}, below {}", short_text(value), low->dump()));
    }
    const auto high = schema.find("maximum");
    if (high != schema.end() && value > *high) {
      say(where, fmt::format("is {}, above {}", short_text(value), high->dump()));
    }
  }

  void check_object(const json& schema, const json& value, const std::string& where, int depth) {
    if (const auto required = schema.find("required"); required != schema.end()) {
      for (const json& name : *required) {
        if (!value.contains(name.get<std::string>())) {
          say(where, "lacks the key " + name.get<std::string>());
        }
      }
    }
    const auto properties = schema.find("properties");
    const auto additional = schema.find("additionalProperties");
    for (const auto& [name, member] : value.items()) {
      const std::string place = where.empty() ? name : where + "." + name;
      if (properties != schema.end() && properties->contains(name)) {
        check(properties->at(name), member, place, depth + 1);
      } else if (additional != schema.end()) {
        if (additional->is_object()) {
          check(*additional, member, place, depth + 1);
        } else if (*additional == false) {
          say(place, "is not a key of this format");
        }
      }
    }
  }

  void check_array(const json& schema, const json& value, const std::string& where, int depth) {
    const auto least = schema.find("minItems");
    if (least != schema.end() && value.size() < least->get<std::size_t>()) {
      say(where, fmt::format("has {} items, fewer than {}", value.size(), least->dump()));
    }
    const auto items = schema.find("items");
    if (items == schema.end()) return;
    for (std::size_t i = 0; i < value.size(); ++i) {
      check(*items, value[i], fmt::format("{}[{}]", where, i), depth + 1);
    }
  }

  const json& root_;
  std::size_t most_;
  std::vector<std::string> found_;
};

void collect_unknown(const json& schema, std::vector<std::string>& unknown) {
  if (!schema.is_object()) return;
  for (const auto& [keyword, value] : schema.items()) {
    if (!is_known(keyword)) unknown.push_back(keyword);
    if (keyword == "properties" || keyword == "$defs") {
      for (const auto& each : value.items())
        collect_unknown(each.value(), unknown);
    } else if (keyword == "items" || keyword == "additionalProperties") {
      collect_unknown(value, unknown);
    }
  }
}

}  // namespace

std::vector<std::string> unknown_keywords(const json& schema) {
  std::vector<std::string> unknown;
  collect_unknown(schema, unknown);
  return unknown;
}

std::vector<std::string> schema_violations(const json& schema, std::string_view definition,
                                           const json& value, std::size_t most) {
  checker check(schema, most);
  const json reference = {{"$ref", "#/$defs/" + std::string(definition)}};
  check.check(reference, value, "", 0);
  return check.take();
}

const json& results_schema() {
  static const json schema = [] {
    json parsed = json::parse(schema_text, nullptr, false);
    if (parsed.is_discarded()) throw refusal("results/schema.json of this build is not JSON");
    for (const std::string& keyword : unknown_keywords(parsed)) {
      throw refusal("results/schema.json uses the keyword " + keyword +
                    ", which this program's validator does not know");
    }
    return parsed;
  }();
  return schema;
}

void require_schema(std::string_view definition, const json& value, const std::string& what) {
  if (value.is_object() && value.contains("schema") && value.at("schema") != schema_version) {
    throw refusal(
        fmt::format("{} has result format {}, and this program reads format {}: use the "
                    "Tailrace version that wrote it",
                    what, short_text(value.at("schema")), schema_version));
  }
  const auto violations = schema_violations(results_schema(), definition, value);
  if (violations.empty()) return;
  throw refusal(fmt::format(
      "{} does not follow the result format: {}{}", what, violations.front(),
      violations.size() > 1 ? fmt::format(" (and {} more places)", violations.size() - 1) : ""));
}

}  // namespace tailrace::record
