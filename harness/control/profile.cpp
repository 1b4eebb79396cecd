// SPDX-License-Identifier: MIT
// See profile.hpp. The reading of TOML; names, paths and JSON are in profile_files.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <sstream>

#include "harness/control/profile.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::control {
namespace {

using words_list = std::initializer_list<const char*>;

// One table being read: remembers the keys asked for, so that the rest is refused.
class table_reader {
 public:
  table_reader(const toml::table& table, std::string path, std::string what)
      : table_(table), path_(std::move(path)), what_(std::move(what)) {}

  [[noreturn]] void refuse(const toml::node* node, const std::string& sentence) const {
    const auto line = (node != nullptr ? node->source() : table_.source()).begin.line;
    throw usage_refusal(fmt::format("{}:{}: {}", path_, line, sentence));
  }

  void allow_only(words_list keys) const {
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

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name.front() != '-' && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

point_kind kind_of(const std::string& name) {
  if (name == "open") return point_kind::open;
  if (name == "closed") return point_kind::closed;
  return name == "memory" ? point_kind::memory : point_kind::task_memory;
}

std::string derived_id(const point& work) {
  switch (work.kind) {
    case point_kind::open:
      return fmt::format("open-{}x{}-{:.0f}", work.connections, work.message_bytes,
                         work.rate_per_s);
    case point_kind::closed:
      return fmt::format("closed-{}x{}{}", work.connections, work.message_bytes,
                         work.depth > 1 ? fmt::format("-d{}", work.depth) : "");
    case point_kind::memory:
      return "memory-connections";
    case point_kind::task_memory:
      return "memory-tasks";
  }
  return "point";
}

void read_load_keys(const table_reader& in, point& work) {
  in.allow_only({"id", "kind", "workload", "connections", "message_bytes", "depth", "rate_per_s",
                 "arrivals", "warmup_s", "duration_s", "blocks"});
  work.connections = in.integer("connections", 50, 1, 100'000);
  work.message_bytes = in.integer("message_bytes", 64, 1, 1 << 20);
  work.depth = in.integer("depth", 1, 1, 1024);
  work.rate_per_s = in.number("rate_per_s", 0, 1, 1e8);
  work.arrivals = in.choice("arrivals", "poisson", {"poisson", "constant"});
  work.warmup_s = in.number("warmup_s", 0.5, 0, 600);
  work.duration_s = in.number("duration_s", 2, 0.1, 3600);
  if (work.kind == point_kind::open && !in.has("rate_per_s")) {
    in.refuse(in.node("kind"), "an open point needs rate_per_s, a number from 1 to 1e+08");
  }
  if (work.kind == point_kind::closed && in.has("rate_per_s")) {
    in.refuse(in.node("rate_per_s"), "a closed point has no rate_per_s: it is as fast as it can");
  }
}

void read_memory_keys(const table_reader& in, point& work) {
  in.allow_only({"id", "kind", "workload", "message_bytes", "counts", "settle_s", "blocks"});
  work.message_bytes = in.integer("message_bytes", 64, 1, 1 << 20);
  work.counts = in.integers("counts", 0, 10'000'000);
  work.settle_s = in.number("settle_s", 0.2, 0, 60);
  std::ranges::sort(work.counts);
  const std::set<std::int64_t> distinct(work.counts.begin(), work.counts.end());
  if (distinct.size() < 3 || distinct.size() != work.counts.size() || work.counts.front() != 0) {
    in.refuse(in.node("counts"),
              "counts must be at least three different whole numbers, 0 among them");
  }
}

point read_point(const toml::table& table, const std::string& path) {
  const table_reader in(table, path, "a [[point]]");
  point work;
  if (!in.has("kind")) {
    in.refuse(nullptr, "a [[point]] needs a kind: open, closed, memory or task_memory");
  }
  work.kind = kind_of(in.choice("kind", "", {"open", "closed", "memory", "task_memory"}));
  const bool tasks = work.kind == point_kind::task_memory;
  if (tasks) {
    work.workload = in.choice("workload", "idle", {"idle"});
  } else {
    work.workload = in.choice("workload", "echo", {"echo"});
  }
  work.blocks = static_cast<int>(in.integer("blocks", 0, 1, 1000));
  if (work.kind == point_kind::open || work.kind == point_kind::closed) {
    read_load_keys(in, work);
  } else {
    read_memory_keys(in, work);
  }
  work.id = in.text("id", derived_id(work));
  if (!is_plain_name(work.id)) {
    in.refuse(in.node("id"), "id must be small letters, digits, '-' and '.', at most 64 of them");
  }
  return work;
}

}  // namespace

profile parse_profile(const std::string& text, const std::string& path) {
  toml::table table;
  try {
    table = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    throw usage_refusal(fmt::format("{}:{}: {}", path, error.source().begin.line,
                                    std::string(error.description())));
  }
  const table_reader in(table, path, "the profile");
  in.allow_only({"title", "blocks", "seed", "workers", "contestants", "forms", "point"});
  profile read;
  read.path = path;
  const auto slash = path.rfind('/');
  read.name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (read.name.ends_with(".toml")) read.name.resize(read.name.size() - 5);
  read.title = in.text("title", read.name);
  read.blocks = static_cast<int>(in.integer("blocks", 3, 1, 1000));
  read.seed = static_cast<std::uint64_t>(in.integer("seed", 1, 0, INT64_MAX));
  read.workers = static_cast<int>(in.integer("workers", 1, 1, 1024));
  read.contestants = in.texts("contestants");
  read.forms = in.texts("forms");
  if (read.forms.empty()) read.forms = {"best"};
  if (read.contestants.empty()) {
    in.refuse(in.node("contestants"), "contestants must be a list of runtime ids, at least one");
  }
  for (const auto* names : {&read.contestants, &read.forms}) {
    const char* key = names == &read.forms ? "forms" : "contestants";
    std::set<std::string> seen;
    for (const std::string& name : *names) {
      if (!is_plain_name(name)) in.refuse(in.node(key), fmt::format("\"{}\" is no name", name));
      if (!seen.insert(name).second) {
        in.refuse(in.node(key), fmt::format("\"{}\" is there twice", name));
      }
    }
  }
  const toml::array* points = table["point"].as_array();
  if (points == nullptr || points->empty()) {
    in.refuse(in.node("point"), "a profile needs at least one [[point]]");
  }
  std::set<std::string> ids;
  for (const toml::node& node : *points) {
    if (!node.is_table()) in.refuse(&node, "points are written as [[point]]");
    read.points.push_back(read_point(*node.as_table(), path));
    if (!ids.insert(read.points.back().id).second) {
      in.refuse(&node, fmt::format("two points have the id \"{}\"", read.points.back().id));
    }
  }
  return read;
}

}  // namespace tailrace::control
