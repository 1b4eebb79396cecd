// SPDX-License-Identifier: MIT
// See table_reader.hpp.
#include "harness/campaign/table_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "harness/record/refusal.hpp"

namespace tailrace::campaign {

void table_reader::refuse_node(const toml::node* node, const std::string& sentence) const {
  const toml::source_region& at = (node != nullptr ? *node : table_).source();
  throw usage_refusal(
      fmt::format("{}:{}: {}", at.path ? *at.path : "profile", at.begin.line, sentence));
}

void table_reader::refuse_absent(const char* key, const std::string& allowed) const {
  refuse_node(nullptr, fmt::format("{} needs {}, {}", what_, key, allowed));
}

void table_reader::refuse_others() const {
  for (const auto& [key, node] : table_) {
    const std::string_view name = key.str();
    if (std::ranges::count(asked_, name) > 0) continue;
    refuse_node(&node, fmt::format("unknown key \"{}\" in {}; the keys are {}", name, what_,
                                   fmt::join(asked_, ", ")));
  }
}

void table_reader::ask_for_defaults() const {
  for (const char* const key : default_keys)
    node(key);
}

const toml::node* table_reader::node(const char* key) const {
  const std::string_view name = key;
  if (std::ranges::count(asked_, name) == 0) asked_.push_back(key);
  const toml::node* const own = table_.get(name);
  if (own != nullptr || defaults_ == nullptr || std::ranges::count(default_keys, name) == 0)
    return own;
  return defaults_->get(name);
}

std::string table_reader::text(const char* key, const std::string& fallback) const {
  const toml::node* const found = node(key);
  if (found == nullptr) return fallback;
  if (!found->is_string()) refuse_node(found, fmt::format("{} must be a string in quotes", key));
  return *found->value<std::string>();
}

std::string table_reader::choice(const char* key, std::optional<std::string> fallback,
                                 words_list allowed) const {
  if (!has(key) && !fallback)
    refuse_absent(key, fmt::format("one of {}", fmt::join(allowed, ", ")));
  const std::string value = text(key, fallback.value_or(""));
  if (std::ranges::count(allowed, std::string_view(value)) > 0) return value;
  refuse(key, fmt::format("{} = \"{}\" is not one of {}", key, value, fmt::join(allowed, ", ")));
}

std::int64_t table_reader::integer(const char* key, std::optional<std::int64_t> fallback,
                                   std::int64_t low, std::int64_t high) const {
  const toml::node* const found = node(key);
  const std::string allowed = fmt::format("a whole number from {} to {}", low, high);
  if (found == nullptr && !fallback) refuse_absent(key, allowed);
  if (found == nullptr) return *fallback;
  const auto value = found->is_integer() ? found->value<std::int64_t>() : std::nullopt;
  if (!value || *value < low || *value > high)
    refuse_node(found, fmt::format("{} must be {}", key, allowed));
  return *value;
}

bool table_reader::flag(const char* key, bool fallback) const {
  const toml::node* const found = node(key);
  if (found == nullptr) return fallback;
  if (!found->is_boolean()) refuse_node(found, fmt::format("{} must be true or false", key));
  return *found->value<bool>();
}

double table_reader::number(const char* key, std::optional<double> fallback, double low,
                            double high) const {
  const toml::node* const found = node(key);
  const std::string allowed = fmt::format("a number from {} to {}", low, high);
  if (found == nullptr && !fallback) refuse_absent(key, allowed);
  if (found == nullptr) return *fallback;
  const auto value = found->is_number() ? found->value<double>() : std::nullopt;
  // Written so that NaN is refused too.
  if (!value || !(*value >= low && *value <= high))
    refuse_node(found, fmt::format("{} must be {}", key, allowed));
  return *value;
}

template <class Accept>
void table_reader::each_of(const char* key, const std::string& what, const Accept& accept) const {
  const toml::node* const found = node(key);
  if (found == nullptr) return;
  const std::string sentence = fmt::format("{} must be a list of {}", key, what);
  const toml::array* const list = found->as_array();
  if (list == nullptr || list->size() > 1000) refuse_node(found, sentence);
  for (const toml::node& each : *list) {
    if (!accept(each)) refuse_node(&each, sentence);
  }
}

std::vector<std::string> table_reader::texts(const char* key) const {
  std::vector<std::string> values;
  each_of(key, "strings", [&](const toml::node& each) {
    if (!each.is_string()) return false;
    values.push_back(*each.value<std::string>());
    return true;
  });
  return values;
}

std::vector<std::int64_t> table_reader::integers(const char* key, std::int64_t low,
                                                 std::int64_t high) const {
  std::vector<std::int64_t> values;
  each_of(key, fmt::format("whole numbers from {} to {}", low, high), [&](const toml::node& each) {
    const auto value = each.is_integer() ? each.value<std::int64_t>() : std::nullopt;
    if (!value || *value < low || *value > high) return false;
    values.push_back(*value);
    return true;
  });
  return values;
}

}  // namespace tailrace::campaign
