// SPDX-License-Identifier: MIT
// A profile: which contestants, at which points, how often. Read from TOML; every unknown key and
// every bad value is a refusal with one sentence: file, line, and what is allowed. Not the plan
// (plan.hpp), which also knows this machine's contestants. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace tailrace::campaign {

// open, hog and skew offer a fixed rate. hog: some connections make the target burn CPU time, and
// what counts is the latency of the others. skew: few connections carry most of the rate, and the
// target burns a little for each message, so that there is work to balance. timer: in process,
// without a client (inprocess_point.hpp).
enum class point_kind { open, closed, memory, task_memory, hog, skew, timer, file };
inline constexpr point_kind point_kinds[] = {
    point_kind::open, point_kind::closed, point_kind::memory, point_kind::task_memory,
    point_kind::hog,  point_kind::skew,   point_kind::timer,  point_kind::file};
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
  std::string engine = "epoll";  // of the load generator; the profile's, the same for all points
  double warmup_s = 0.5;
  double duration_s = 2;
  std::vector<std::int64_t> counts;  // memory kinds
  double settle_s = 0.2;             // memory kinds: rest before each reading
  int blocks = 0;                    // 0: as many as the profile
  int workers = 0;                   // 0: as many as the profile
  std::int64_t burn_us = 0;          // hog and skew: what the target burns for a message
  std::int64_t hog_every = 0;        // hog: which connections it burns for
  double hog_rate_per_s = 0;         // hog: of all hogs; rate_per_s is that of the others
  std::int64_t hot_connections = 0;  // skew: so many connections carry ...
  double hot_share = 0;              // ... this share of rate_per_s
  std::vector<std::string> forms;    // in which contestants run here; empty: the profile's
  // In-process kinds: the options of the workload, as the target is given them beside the seed.
  std::map<std::string, std::string> options;

  std::int64_t file_mib = 0;  // file: size of the file that is read

  // Whether it is measured under load, and at an offered rate.
  bool under_load() const { return kind == point_kind::closed || at_offered_rate(); }
  // Whether the target works by itself, without a client.
  bool in_process() const { return kind == point_kind::timer || kind == point_kind::file; }
  bool at_offered_rate() const {
    return kind == point_kind::open || kind == point_kind::hog || kind == point_kind::skew;
  }
};
// The options of the target's workload that this point sets.
std::map<std::string, std::string> workload_options(const point& work);
// As results/README.md wants it.
nlohmann::json point_json(const point& work);
point point_from_json(const nlohmann::json& object);

// A form that the profile itself gives to a contestant, beside those that it describes.
struct profile_form {
  std::string contestant;
  std::string name;
  std::map<std::string, std::string> options;
};

struct profile {
  std::string name;
  std::string title;
  std::string path;
  int blocks = 3;
  std::uint64_t seed = 1;
  int workers = 1;
  std::vector<std::string> contestants;
  std::vector<std::string> forms;
  std::vector<profile_form> own_forms;
  std::vector<point> points;

  const std::vector<std::string>& forms_at(const point& work) const {
    return work.forms.empty() ? forms : work.forms;
  }
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

}  // namespace tailrace::campaign
