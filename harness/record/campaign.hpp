// SPDX-License-Identifier: MIT
// One campaign's folder (results/README.md): makes it, or opens it for resuming, and writes every
// file in it. A cell counts as finished when its line is in cells.jsonl; its histograms are written
// before that, so a line never points at a file that is not there. Every failure is a refusal. One
// thread.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "harness/record/durable_file.hpp"

namespace tailrace::record {

// In every document and line, as `schema`; what another one has is refused.
inline constexpr int schema_version = 2;

class campaign {
 public:
  // Makes results/<name>; refuses one that is there already.
  static campaign create(const std::filesystem::path& results, const std::string& name,
                         const nlohmann::json& manifest, const nlohmann::json& plan);
  // Opens one for resuming.
  static campaign open(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  nlohmann::json manifest() const;
  nlohmann::json plan() const;
  // In one step; every cell of the old one is to be in it.
  void replace_plan(const nlohmann::json& plan);
  // The finished cells. Reads their file again.
  std::vector<nlohmann::json> cells() const;
  // Status by id of each finished cell.
  const std::map<std::string, std::string>& finished() const { return finished_; }
  // Whether costs.jsonl has a line of this subject.
  bool has_cost_of(const nlohmann::json& subject) const;
  // How many of its lines are of subjects that could not be counted although they run here.
  int failed_costs() const { return failed_costs_; }

  // Text of one histogram; returns the path to store in the cell, relative to the folder.
  std::string write_histogram(const std::string& cell, const std::string& name,
                              const std::string& text);
  // All of them in one write.
  void append_cells(const std::vector<nlohmann::json>& cells);
  void append_cost(const nlohmann::json& cost);

 private:
  explicit campaign(std::filesystem::path folder);
  void count_cost(const nlohmann::json& cost);

  std::filesystem::path folder_;
  line_file cells_;
  line_file costs_;
  std::map<std::string, std::string> finished_;
  std::set<std::string> counted_;  // subjects as JSON
  int failed_costs_ = 0;
};

// A campaign name is one path component of letters, digits, '.', '_' and '-', not hidden.
bool is_campaign_name(const std::string& name);

}  // namespace tailrace::record
