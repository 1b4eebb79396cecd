// SPDX-License-Identifier: MIT
// A profile: which contestants, at which points, how often. Read from TOML; every unknown key and
// every bad value is a refusal with one sentence: file, line, and what is allowed. Not the plan
// (plan.hpp), which also knows this machine's contestants. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/kind.hpp"
#include "harness/campaign/looks.hpp"

namespace tailrace::campaign {

struct point {
  std::string id;
  std::string kind;
  std::string workload;
  int blocks = 0;                          // 0: as many as the profile
  int workers = 0;                         // 0: as many as the profile
  std::vector<std::string> forms;          // in which contestants run here; empty: the profile's
  std::shared_ptr<const point_work> work;  // what its kind knows of it; never null
};
// As results/README.md wants it.
nlohmann::json point_json(const point& at);

// The form of the twin's second subject.
inline constexpr const char* twin_form = "twin";

// That of the null server, which is no contestant.
inline constexpr const char* control_form = "control";

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
  int blocks = 3;   // with looks: those of the first
  look_plan looks;  // none: it ends after `blocks`
  std::uint64_t seed = 1;
  int workers = 1;
  bool costs = true;          // system calls and allocations an echo are counted of each subject
  bool instructions = false;  // ... and user instructions, which takes longer
  std::vector<std::string> contestants;
  std::vector<std::string> forms;
  std::vector<profile_form> own_forms;
  // A contestant whose best form is measured twice, as two subjects, wherever that form is measured
  // in slices: what differs between the two is what cannot be resolved. Empty: none.
  std::string twin;
  // The server that answers at once is measured beside the contestants at the echo points that are
  // measured in slices: the ceiling of client and kernel.
  bool null_server = false;
  bool selftest = false;  // begins with servers of known delay (own_test.hpp)
  std::vector<point> points;

  const std::vector<std::string>& forms_at(const point& at) const {
    return at.forms.empty() ? forms : at.forms;
  }
};

// `text` is the TOML, `path` what the sentences call it; the name is the path's stem.
profile parse_profile(const std::string& text, const std::string& path, kind_list kinds);
// A name of the profiles beside the source tree, or a path to a file.
profile load_profile(const std::string& name_or_path, kind_list kinds);
// Names of the profiles that come with Tailrace.
std::vector<std::string> profile_names();

}  // namespace tailrace::campaign
