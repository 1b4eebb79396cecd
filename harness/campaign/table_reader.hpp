// SPDX-License-Identifier: MIT
// One TOML table of a profile being read. Every value is asked for by its key, type and range;
// whatever is not as asked is a refusal with one sentence: file, line, and what is allowed.
// Values only, main thread.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/record/refusal.hpp"

namespace tailrace::campaign {

using words_list = std::initializer_list<const char*>;

class table_reader {
 public:
  table_reader(const toml::table& table, std::string path, std::string what)
      : table_(table), path_(std::move(path)), what_(std::move(what)) {}

  [[noreturn]] void refuse(const toml::node* node, const std::string& sentence) const {
    const auto line = (node != nullptr ? node->source() : table_.source()).begin.line;
    throw usage_refusal(fmt::format("{}:{}: {}", path_, line, sentence));
  }

  void allow_only(const std::vector<const char*>& keys) const {
    for (const auto& [key, node] : table_) {
      const bool known = std::ranges::any_of(keys, [&](const char* k) { return key == k; });
      if (!known) {
        refuse(&node, fmt::format("unknown key \"{}\" in {}; the keys are {}", key.str(), what_,
                                  fmt::join(keys, ", ")));
      }
    }
  }

  std::string text(const char* key, const std::string& fallback) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return fallback;
    if (const auto value = node->value<std::string>(); value && node->is_string()) return *value;
    refuse(node, fmt::format("{} must be a string in quotes", key));
  }

  std::string choice(const char* key, const std::string& fallback, words_list allowed) const {
    const std::string value = text(key, fallback);
    if (std::ranges::any_of(allowed, [&](const char* each) { return value == each; })) return value;
    refuse(table_.get(key),
           fmt::format("{} = \"{}\" is not one of {}", key, value, fmt::join(allowed, ", ")));
  }

  std::int64_t integer(const char* key, std::int64_t fallback, std::int64_t low,
                       std::int64_t high) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return fallback;
    const auto value = node->is_integer() ? node->value<std::int64_t>() : std::nullopt;
    if (!value || *value < low || *value > high) {
      refuse(node, fmt::format("{} must be a whole number from {} to {}", key, low, high));
    }
    return *value;
  }

  double number(const char* key, double fallback, double low, double high) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return fallback;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    // Written so that NaN is refused too.
    if (!value || !(*value >= low && *value <= high)) {
      refuse(node, fmt::format("{} must be a number from {} to {}", key, low, high));
    }
    return *value;
  }

  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> values;
    each_of(key, "strings", [&](const toml::node& node) {
      if (!node.is_string()) return false;
      values.push_back(*node.value<std::string>());
      return true;
    });
    return values;
  }

  std::vector<std::int64_t> integers(const char* key, std::int64_t low, std::int64_t high) const {
    std::vector<std::int64_t> values;
    each_of(key, fmt::format("whole numbers from {} to {}", low, high).c_str(),
            [&](const toml::node& node) {
              const auto value = node.is_integer() ? node.value<std::int64_t>() : std::nullopt;
              if (!value || *value < low || *value > high) return false;
              values.push_back(*value);
              return true;
            });
    return values;
  }

  bool has(const char* key) const { return table_.contains(key); }
  const toml::node* node(const char* key) const { return table_.get(key); }

 private:
  template <class Accept>
  void each_of(const char* key, const char* what, const Accept& accept) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr || list->size() > 1000) {
      refuse(node, fmt::format("{} must be a list of {}", key, what));
    }
    for (const toml::node& each : *list) {
      if (!accept(each)) refuse(&each, fmt::format("{} must be a list of {}", key, what));
    }
  }

  const toml::table& table_;
  std::string path_;
  std::string what_;
};

}  // namespace tailrace::campaign
