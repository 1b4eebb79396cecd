// SPDX-License-Identifier: MIT
// See profile.hpp. The reading of TOML; names, paths and JSON are in profile_files.cpp.
#include "harness/campaign/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/campaign/file_point.hpp"
#include "harness/campaign/inprocess_point.hpp"
#include "harness/campaign/table_reader.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name.front() != '-' && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

constexpr words_list kind_names = {"open", "closed", "memory", "task_memory",
                                   "hog",  "skew",   "timer",  "file"};

point_kind kind_of(const std::string& name) {
  return *std::ranges::find(point_kinds, name, point_kind_name);
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
    case point_kind::hog:
      return fmt::format("hog-{}x{}-{:.0f}-{}us", work.connections, work.message_bytes,
                         work.rate_per_s, work.burn_us);
    case point_kind::skew:
      return fmt::format("skew-{}x{}-{:.0f}-{}us", work.connections, work.message_bytes,
                         work.rate_per_s, work.burn_us);
    case point_kind::timer:
      return derived_timer_id(work);
    case point_kind::file:
      return derived_file_id(work);
  }
  return "point";
}

// What open, closed, hog and skew points share; `more` are the keys of one kind.
void read_load_keys(const table_reader& in, point& work, std::vector<const char*> more) {
  more.insert(more.begin(), {"id", "kind", "workload", "connections", "message_bytes"});
  more.insert(more.end(), {"warmup_s", "duration_s", "workers", "blocks", "forms"});
  in.allow_only(more);
  work.connections = in.integer("connections", 50, 1, 100'000);
  work.message_bytes = in.integer("message_bytes", 64, 1, 1 << 20);
  work.warmup_s = in.number("warmup_s", 0.5, 0, 600);
  work.duration_s = in.number("duration_s", 2, 0.1, 3600);
  work.workers = static_cast<int>(in.integer("workers", 0, 1, 1024));
  if (!work.at_offered_rate()) return;
  const std::string kind = point_kind_name(work.kind);
  if (!in.has("rate_per_s")) {
    in.refuse(in.node("kind"), fmt::format("{} {} point needs rate_per_s, a number from 1 to 1e+08",
                                           kind == "open" ? "an" : "a", kind));
  }
  work.rate_per_s = in.number("rate_per_s", 0, 1, 1e8);
  work.arrivals = in.choice("arrivals", "poisson", {"poisson", "constant"});
}

void read_open_keys(const table_reader& in, point& work) {
  read_load_keys(in, work, {"depth", "rate_per_s", "arrivals"});
  work.depth = in.integer("depth", 1, 1, 1024);
  if (work.kind == point_kind::closed && in.has("rate_per_s")) {
    in.refuse(in.node("rate_per_s"), "a closed point has no rate_per_s: it is as fast as it can");
  }
}

// The number that makes a connection a hog is in the first bytes of its messages, which must be
// long enough for it: 24 bytes in the load generator's, 64 KiB at most in the target's.
void read_burn_keys(const table_reader& in, point& work, std::int64_t default_burn_us) {
  work.burn_us = in.integer("burn_us", default_burn_us, 0, 1'000'000);
  if (work.message_bytes < 24 || work.message_bytes > 65536) {
    in.refuse(in.node("message_bytes"),
              fmt::format("message_bytes must be a whole number from 24 to 65536 at a {} point",
                          point_kind_name(work.kind)));
  }
}

void read_hog_keys(const table_reader& in, point& work) {
  read_load_keys(in, work, {"rate_per_s", "arrivals", "burn_us", "hog_every", "hog_rate_per_s"});
  read_burn_keys(in, work, 5000);
  work.hog_every = in.integer("hog_every", 10, 2, 1'000'000);
  if (work.connections < 2) {
    in.refuse(in.node("connections"), "a hog point needs two connections: a hog and another");
  }
  if (!in.has("hog_rate_per_s")) {
    in.refuse(in.node("kind"),
              "a hog point needs hog_rate_per_s, the rate of all hogs, a number from 0.1 to 1e+06");
  }
  work.hog_rate_per_s = in.number("hog_rate_per_s", 0, 0.1, 1e6);
}

void read_skew_keys(const table_reader& in, point& work) {
  read_load_keys(in, work, {"rate_per_s", "arrivals", "burn_us", "hot_connections", "hot_share"});
  read_burn_keys(in, work, 50);
  work.hot_connections = in.integer("hot_connections", 4, 1, 100'000);
  work.hot_share = in.number("hot_share", 0.8, 0.001, 0.999);
  if (work.hot_connections >= work.connections) {
    in.refuse(in.node("hot_connections"),
              "hot_connections must leave at least one connection cold");
  }
}

void read_memory_keys(const table_reader& in, point& work) {
  in.allow_only(
      {"id", "kind", "workload", "message_bytes", "counts", "settle_s", "blocks", "forms"});
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

void check_names(const table_reader& in, const char* key, const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!is_plain_name(name)) in.refuse(in.node(key), fmt::format("\"{}\" is no name", name));
    if (!seen.insert(name).second) {
      in.refuse(in.node(key), fmt::format("\"{}\" is there twice", name));
    }
  }
}

const char* workload_of(point_kind kind) {
  if (kind == point_kind::hog || kind == point_kind::skew) return "hog";
  if (kind == point_kind::timer) return "timer";
  if (kind == point_kind::file) return "file-read";
  return kind == point_kind::task_memory ? "idle" : "echo";
}

point read_point(const toml::table& table, const std::string& path) {
  const table_reader in(table, path, "a [[point]]");
  point work;
  if (!in.has("kind")) {
    in.refuse(nullptr,
              fmt::format("a [[point]] needs a kind, one of {}", fmt::join(kind_names, ", ")));
  }
  work.kind = kind_of(in.choice("kind", "", kind_names));
  const char* const workload = workload_of(work.kind);
  work.workload = in.choice("workload", workload, {workload});
  work.blocks = static_cast<int>(in.integer("blocks", 0, 1, 1000));
  work.forms = in.texts("forms");
  check_names(in, "forms", work.forms);
  if (work.kind == point_kind::timer) {
    read_timer_keys(in, work);
  } else if (work.kind == point_kind::file) {
    read_file_keys(in, work);
  } else if (work.kind == point_kind::hog) {
    read_hog_keys(in, work);
  } else if (work.kind == point_kind::skew) {
    read_skew_keys(in, work);
  } else if (work.under_load()) {
    read_open_keys(in, work);
  } else {
    read_memory_keys(in, work);
  }
  work.id = in.text("id", derived_id(work));
  if (!is_plain_name(work.id)) {
    in.refuse(in.node("id"), "id must be small letters, digits, '-' and '.', at most 64 of them");
  }
  return work;
}

// [[form]]: options by which the profile makes another form of a contestant.
profile_form read_form(const toml::table& table, const profile& of) {
  const table_reader in(table, of.path, "a [[form]]");
  in.allow_only({"contestant", "name", "set"});
  profile_form made = {in.text("contestant", ""), in.text("name", ""), {}};
  if (std::ranges::count(of.contestants, made.contestant) == 0) {
    in.refuse(in.node("contestant"), fmt::format("a [[form]] needs a contestant, one of {}",
                                                 fmt::join(of.contestants, ", ")));
  }
  if (!is_plain_name(made.name) || made.name == "best" || made.name == "default") {
    in.refuse(in.node("name"),
              "a [[form]] needs a name of small letters, digits, '-' and '.', not best or default");
  }
  const toml::table* const set = table["set"].as_table();
  if (set == nullptr || set->empty()) {
    in.refuse(in.node("set"), "a [[form]] needs set = { option = \"value\", ... }");
  }
  for (const auto& [option, value] : *set) {
    if (!value.is_string()) in.refuse(&value, "option values are strings in quotes");
    made.options[std::string(option.str())] = *value.value<std::string>();
  }
  return made;
}

void read_forms(const toml::table& table, const table_reader& in, profile& read) {
  const toml::array* const forms = table["form"].as_array();
  if (forms == nullptr) return;
  for (const toml::node& node : *forms) {
    if (!node.is_table()) in.refuse(&node, "forms are written as [[form]]");
    profile_form made = read_form(*node.as_table(), read);
    for (const profile_form& other : read.own_forms) {
      if (other.contestant == made.contestant && other.name == made.name) {
        in.refuse(&node, fmt::format("{} has two forms \"{}\"", made.contestant, made.name));
      }
    }
    read.own_forms.push_back(std::move(made));
  }
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
  in.allow_only(
      {"title", "blocks", "seed", "workers", "engine", "contestants", "forms", "form", "point"});
  profile read;
  read.path = path;
  const auto slash = path.rfind('/');
  read.name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (read.name.ends_with(".toml")) read.name.resize(read.name.size() - 5);
  read.title = in.text("title", read.name);
  read.blocks = static_cast<int>(in.integer("blocks", 3, 1, 1000));
  read.seed = static_cast<std::uint64_t>(in.integer("seed", 1, 0, INT64_MAX));
  read.workers = static_cast<int>(in.integer("workers", 1, 1, 1024));
  const std::string engine = in.choice("engine", "epoll", {"epoll", "uring"});
  read.contestants = in.texts("contestants");
  read.forms = in.texts("forms");
  if (read.forms.empty()) read.forms = {"best"};
  if (read.contestants.empty()) {
    in.refuse(in.node("contestants"), "contestants must be a list of runtime ids, at least one");
  }
  check_names(in, "contestants", read.contestants);
  check_names(in, "forms", read.forms);
  read_forms(table, in, read);
  const toml::array* points = table["point"].as_array();
  if (points == nullptr || points->empty()) {
    in.refuse(in.node("point"), "a profile needs at least one [[point]]");
  }
  std::set<std::string> ids;
  for (const toml::node& node : *points) {
    if (!node.is_table()) in.refuse(&node, "points are written as [[point]]");
    read.points.push_back(read_point(*node.as_table(), path));
    read.points.back().engine = engine;
    if (!ids.insert(read.points.back().id).second) {
      in.refuse(&node, fmt::format("two points have the id \"{}\"", read.points.back().id));
    }
  }
  return read;
}

}  // namespace tailrace::campaign
