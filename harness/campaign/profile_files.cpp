// SPDX-License-Identifier: MIT
// Where profiles are found, and what a point looks like in the result files. See profile.hpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/campaign/inprocess_point.hpp"
#include "harness/campaign/profile.hpp"
#include "harness/record/durable_file.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t profile_bytes_max = std::size_t{1} << 20;

}  // namespace

const char* point_kind_name(point_kind kind) {
  switch (kind) {
    case point_kind::open:
      return "open";
    case point_kind::closed:
      return "closed";
    case point_kind::memory:
      return "memory";
    case point_kind::task_memory:
      return "task_memory";
    case point_kind::hog:
      return "hog";
    case point_kind::skew:
      return "skew";
    case point_kind::timer:
      return "timer";
    case point_kind::file:
      return "file";
  }
  return "closed";
}

json point_json(const point& work) {
  json object = {
      {"id", work.id}, {"workload", work.workload}, {"kind", point_kind_name(work.kind)}};
  if (work.workers != 0) object["workers"] = work.workers;
  if (work.in_process()) {
    object["options"] = work.options;
    if (work.kind == point_kind::file) object["file_mib"] = work.file_mib;
    return object;
  }
  if (work.under_load()) {
    const bool open = work.at_offered_rate();
    object["connections"] = work.connections;
    object["message_bytes"] = work.message_bytes;
    object["depth"] = work.depth;
    object["rate_per_s"] = open ? json(work.rate_per_s) : json(nullptr);
    object["arrivals"] = open ? json(work.arrivals) : json(nullptr);
    if (!open) object["rate_per_s_cause"] = "closed loop: there is no offered rate";
    if (!open) object["arrivals_cause"] = "closed loop: each answer brings the next request";
    object["engine"] = work.engine;
    object["warmup_s"] = work.warmup_s;
    object["duration_s"] = work.duration_s;
    if (work.kind == point_kind::hog) {
      object["burn_us"] = work.burn_us;
      object["hog_every"] = work.hog_every;
      object["hog_rate_per_s"] = work.hog_rate_per_s;
    } else if (work.kind == point_kind::skew) {
      object["burn_us"] = work.burn_us;
      object["hot_connections"] = work.hot_connections;
      object["hot_share"] = work.hot_share;
    }
  } else {
    object["message_bytes"] = work.message_bytes;
    object["counts"] = work.counts;
    object["settle_s"] = work.settle_s;
  }
  return object;
}

point point_from_json(const json& object) {
  point work;
  work.id = object.at("id");
  work.workload = object.at("workload");
  const std::string kind = object.at("kind");
  for (const point_kind each : point_kinds) {
    if (kind == point_kind_name(each)) work.kind = each;
  }
  work.connections = object.value("connections", work.connections);
  work.message_bytes = object.value("message_bytes", work.message_bytes);
  work.depth = object.value("depth", work.depth);
  if (work.at_offered_rate()) {
    work.rate_per_s = object.at("rate_per_s");
    work.arrivals = object.at("arrivals");
  }
  work.engine = object.value("engine", work.engine);
  work.warmup_s = object.value("warmup_s", work.warmup_s);
  work.duration_s = object.value("duration_s", work.duration_s);
  work.counts = object.value("counts", work.counts);
  work.settle_s = object.value("settle_s", work.settle_s);
  work.workers = object.value("workers", work.workers);
  work.burn_us = object.value("burn_us", work.burn_us);
  work.hog_every = object.value("hog_every", work.hog_every);
  work.hog_rate_per_s = object.value("hog_rate_per_s", work.hog_rate_per_s);
  work.hot_connections = object.value("hot_connections", work.hot_connections);
  work.hot_share = object.value("hot_share", work.hot_share);
  work.options = object.value("options", work.options);
  work.file_mib = object.value("file_mib", work.file_mib);
  return work;
}

std::map<std::string, std::string> workload_options(const point& work) {
  if (work.in_process()) return work.options;
  if (work.workload != "hog") return {};
  // Under skew every connection is a hog: the target has the same work with each message.
  const std::int64_t hog_every = work.kind == point_kind::skew ? 1 : work.hog_every;
  return {{"burn_us", std::to_string(work.burn_us)},
          {"hog_every", std::to_string(hog_every)},
          {"message_bytes", std::to_string(work.message_bytes)}};
}

std::string profile_folder() {
  return TAILRACE_PROFILE_FOLDER;
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(profile_folder(), error)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

profile load_profile(const std::string& name_or_path) {
  const bool is_path =
      name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".toml");
  const fs::path path =
      is_path ? fs::path(name_or_path) : fs::path(profile_folder()) / (name_or_path + ".toml");
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    if (is_path) throw usage_refusal(fmt::format("there is no profile file {}", name_or_path));
    throw usage_refusal(
        fmt::format("unknown profile \"{}\"; the profiles are {}, or give the path "
                    "of a TOML file",
                    name_or_path, fmt::join(profile_names(), ", ")));
  }
  return parse_profile(record::read_whole(path, profile_bytes_max), path.string());
}

double expected_cell_s(const point& work) {
  if (work.in_process()) return expected_inprocess_s(work) + 0.3;
  if (work.under_load()) {
    return work.warmup_s + work.duration_s + 0.3;
  }
  const double readings = work.kind == point_kind::memory ? 4 : 1;
  return static_cast<double>(work.counts.size() + 1) * (0.15 + readings * work.settle_s);
}

}  // namespace tailrace::campaign
