// SPDX-License-Identifier: MIT
// A profile: which contestants, at which points, how often. Read from TOML; every unknown key and
// every bad value is a refusal with one sentence: file, line, and what is allowed. Not the plan
// (plan.hpp), which also knows this machine's contestants. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace tailrace::control {

enum class point_kind { open, closed, memory, task_memory };
const char* point_kind_name(point_kind kind);

struct point {
  std::string id;
  std::string workload = "echo";
  point_kind kind = point_kind::closed;
  std::int64_t connections = 1;
  std::int64_t message_bytes = 64;
  std::int64_t depth = 1;
  double rate_per_s = 0;
  std::string arrivals = "poisson";
  double warmup_s = 0.5;
  double duration_s = 2;
  std::vector<std::int64_t> counts;  // memory kinds
  double settle_s = 0.2;             // memory kinds: rest before each reading
  int blocks = 0;                    // 0: as many as the profile
};
// As results/README.md wants it.
nlohmann::json point_json(const point& work);
point point_from_json(const nlohmann::json& object);

struct profile {
  std::string name;
  std::string title;
  std::string path;
  int blocks = 3;
  std::uint64_t seed = 1;
  int workers = 1;
  std::vector<std::string> contestants;
  std::vector<std::string> forms;
  std::vector<point> points;
};

// `text` is the TOML, `path` what the sentences call it; the name is the path's stem.
profile parse_profile(const std::string& text, const std::string& path);
// A name of the profiles beside the source tree, or a path to a file.
profile load_profile(const std::string& name_or_path);
// Names of the profiles that come with Tailrace.
std::vector<std::string> profile_names();
std::string profile_folder();

// How long one cell of this point takes, about.
double expected_cell_s(const point& work);

}  // namespace tailrace::control
