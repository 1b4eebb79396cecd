// SPDX-License-Identifier: MIT
// Options of workloads and runtimes. A table says of each option its name, default, values and
// help, as `describe` prints them, and what its value sets, so that an option is spelled in one
// place. Ranges are checked by the harness (runtimes/PROTOCOL.md). Values only: any thread.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtimes/base/check.hpp"

namespace tailrace {

// As it stands in `describe`.
struct option_spec {
  std::string name;
  std::string default_value;
  std::vector<std::string> choices;  // the values allowed; empty: `range` says what is
  std::string range;                 // "integer 1..4096" or "text"
  std::string help;
  std::vector<std::string> workloads;  // those it belongs to; empty: all

  bool is_integer() const { return range.starts_with("integer"); }
  bool belongs_to(const std::string& workload) const {
    return workloads.empty() || std::ranges::find(workloads, workload) != workloads.end();
  }
};

inline option_spec choice_option(std::string name, std::string default_value,
                                 std::vector<std::string> choices, std::string help) {
  return {std::move(name), std::move(default_value), std::move(choices), "", std::move(help), {}};
}
inline option_spec integer_option(std::string name, std::int64_t default_value, std::int64_t low,
                                  std::int64_t high, std::string help) {
  std::string range = "integer " + std::to_string(low) + ".." + std::to_string(high);
  return {
      std::move(name), std::to_string(default_value), {}, std::move(range), std::move(help), {}};
}
inline option_spec text_option(std::string name, std::string default_value, std::string help) {
  return {std::move(name), std::move(default_value), {}, "text", std::move(help), {}};
}

// Adds options; one whose name is there already, as `seed` is in two workloads, then belongs to the
// workloads of both.
inline void add_options(std::vector<option_spec>& options, std::vector<option_spec> more) {
  for (option_spec& each : more) {
    const auto same = std::ranges::find(options, each.name, &option_spec::name);
    if (same == options.end())
      options.push_back(std::move(each));
    else
      same->workloads.insert(same->workloads.end(), each.workloads.begin(), each.workloads.end());
  }
}

// False where the whole text is no number of that type.
template <class Number>
bool read_number(std::string_view text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

// Options in force: every option of the workload that runs. Asking for a name that is not there is
// a bug: aborts.
class option_values {
 public:
  option_values() = default;
  explicit option_values(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  bool has(const std::string& name) const { return values_.contains(name); }
  const std::string& text(const std::string& name) const {
    const auto found = values_.find(name);
    TAILRACE_CHECK(found != values_.end());
    return found->second;
  }
  std::int64_t integer(const std::string& name) const {
    std::int64_t number = 0;
    TAILRACE_CHECK(read_number(text(name), number));
    return number;
  }
  const std::map<std::string, std::string>& all() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

// The options that make up an object of type Rules. Their defaults are those of Rules{}.
template <class Rules>
class option_table {
 public:
  struct row {
    option_spec spec;
    std::function<bool(Rules&, const std::string&)> set;  // false: no such value
  };
  // What an option sets: a pointer to a member, or a function that gives a reference into Rules.
  template <class Member>
  using value_of = std::remove_cvref_t<std::invoke_result_t<Member, Rules&>>;

  option_table(std::initializer_list<row> rows) : rows_(rows) {}

  template <class Member>
  static row choice(std::string name, Member member,
                    std::vector<std::pair<std::string, value_of<Member>>> values,
                    std::string help) {
    Rules usual{};
    std::vector<std::string> names;
    std::string default_name;
    for (const auto& [text, value] : values) {
      if (value == std::invoke(member, usual)) default_name = text;
      names.push_back(text);
    }
    return {choice_option(std::move(name), default_name, std::move(names), std::move(help)),
            [member, values = std::move(values)](Rules& rules, const std::string& text) {
              const auto found = std::ranges::find(
                  values, text, [](const auto& pair) -> auto& { return pair.first; });
              if (found == values.end()) return false;
              std::invoke(member, rules) = found->second;
              return true;
            }};
  }
  template <class Member>
  static row on_off(std::string name, Member member, std::string help) {
    return choice(std::move(name), member, {{"on", true}, {"off", false}}, std::move(help));
  }
  // Unit: where the value is a duration, that which the option counts in.
  template <class Unit = void, class Member>
  static row integer(std::string name, Member member, std::int64_t low, std::int64_t high,
                     std::string help) {
    Rules usual{};
    std::int64_t usually = 0;
    if constexpr (std::is_void_v<Unit>)
      usually = static_cast<std::int64_t>(std::invoke(member, usual));
    else
      usually = std::chrono::duration_cast<Unit>(std::invoke(member, usual)).count();
    return {integer_option(std::move(name), usually, low, high, std::move(help)),
            [member](Rules& rules, const std::string& text) {
              std::int64_t number = 0;
              if (!read_number(text, number)) return false;
              if constexpr (std::is_void_v<Unit>)
                std::invoke(member, rules) = static_cast<value_of<Member>>(number);
              else
                std::invoke(member, rules) = Unit(number);
              return true;
            }};
  }
  template <class Member>
  static row text(std::string name, Member member, std::string help) {
    Rules usual{};
    return {text_option(std::move(name), std::invoke(member, usual), std::move(help)),
            [member](Rules& rules, const std::string& text) {
              std::invoke(member, rules) = text;
              return true;
            }};
  }

  // The rows, and further ones that belong to some workloads only.
  option_table with(const std::vector<std::string>& workloads, std::vector<row> more) && {
    for (row& each : more) {
      each.spec.workloads = workloads;
      rows_.push_back(std::move(each));
    }
    return std::move(*this);
  }

  std::vector<option_spec> specs() const {
    std::vector<option_spec> all;
    for (const row& each : rows_)
      all.push_back(each.spec);
    return all;
  }
  // False: no such option, or no such value.
  bool set(Rules& rules, std::string_view name, const std::string& value) const {
    for (const row& each : rows_)
      if (each.spec.name == name) return each.set(rules, value);
    return false;
  }
  // What is not among the values keeps its default: it belongs to other workloads.
  Rules rules_of(const option_values& values) const {
    Rules rules{};
    for (const row& each : rows_)
      if (values.has(each.spec.name)) TAILRACE_CHECK(each.set(rules, values.text(each.spec.name)));
    return rules;
  }

 private:
  std::vector<row> rows_;
};

}  // namespace tailrace
