// SPDX-License-Identifier: MIT
// One TOML table of a profile being read. Every value is asked for by its key, type and range;
// whatever is not as asked is a refusal with one sentence: file, line, and what is allowed. What
// nobody asked for is refused at the end by refuse_others(). Main thread.
#pragma once

#include <toml++/toml.h>
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tailrace::campaign {

using words_list = std::initializer_list<const char*>;

// Instead of a value for absent keys: the key has to be there.
inline constexpr std::nullopt_t needed = std::nullopt;

class table_reader {
 public:
  // what: the table in sentences, "a closed point". defaults: the table that has those of
  // `default_keys` that this one has not; may be null.
  table_reader(const toml::table& table, std::string what, const toml::table* defaults = nullptr)
      : table_(table), what_(std::move(what)), defaults_(defaults) {}

  // At the line of the key, or of the table where it is absent.
  [[noreturn]] void refuse(const char* key, const std::string& sentence) const {
    refuse_node(node(key), sentence);
  }
  [[noreturn]] void refuse_node(const toml::node* node, const std::string& sentence) const;
  // Refuses keys that nobody has asked for.
  void refuse_others() const;
  // Asks for what a profile may say once for all its points.
  void ask_for_defaults() const;

  bool has(const char* key) const { return node(key) != nullptr; }
  const toml::node* node(const char* key) const;

  std::string text(const char* key, const std::string& fallback) const;
  std::string choice(const char* key, std::optional<std::string> fallback,
                     words_list allowed) const;
  std::int64_t integer(const char* key, std::optional<std::int64_t> fallback, std::int64_t low,
                       std::int64_t high) const;
  bool flag(const char* key, bool fallback) const;
  double number(const char* key, std::optional<double> fallback, double low, double high) const;
  // Empty where the key is absent.
  std::vector<std::string> texts(const char* key) const;
  std::vector<std::int64_t> integers(const char* key, std::int64_t low, std::int64_t high) const;

 private:
  static constexpr const char* default_keys[] = {"engine", "warmup_s", "duration_s", "slice_s"};

  [[noreturn]] void refuse_absent(const char* key, const std::string& allowed) const;
  template <class Accept>
  void each_of(const char* key, const std::string& what, const Accept& accept) const;

  const toml::table& table_;
  std::string what_;
  const toml::table* defaults_;
  mutable std::vector<const char*> asked_;  // in the order in which they were asked for
};

}  // namespace tailrace::campaign
