// SPDX-License-Identifier: MIT
// See campaign.hpp.
#include "harness/record/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/record/json_fields.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::record {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t document_bytes_max = 64U << 20;
constexpr std::size_t lines_bytes_max = std::size_t{1} << 30;

std::string text_of(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    throw refusal(fmt::format("cannot make the folder {}: {}", path.string(), error.message()));
}

// what: the file, or the line of it.
json parsed(const std::string& text, const std::string& what) {
  json value = json::parse(text, nullptr, false);
  const auto version = integer_at(value, "schema");
  if (!version) throw refusal(what + " is no record of a campaign");
  if (*version == schema_version) return value;
  throw refusal(
      fmt::format("{} has result format {}, and this program reads format {}: use the version of "
                  "Tailrace that wrote it{}",
                  what, *version, schema_version, *version == 1 ? ", 0.1.0" : ""));
}

json read_document(const fs::path& path) {
  return parsed(read_whole(path, document_bytes_max), path.string());
}

std::vector<json> read_lines(const fs::path& path) {
  std::vector<json> lines;
  for (const std::string& line : whole_lines(read_whole(path, lines_bytes_max)))
    lines.push_back(parsed(line, fmt::format("{} line {}", path.string(), lines.size() + 1)));
  return lines;
}

}  // namespace

bool is_campaign_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 128 && name.front() != '.' && name != "latest" &&
         std::ranges::all_of(name, allowed);
}

campaign::campaign(fs::path folder)
    : folder_(std::move(folder)), cells_(folder_ / "cells.jsonl"), costs_(folder_ / "costs.jsonl") {
  for (const json& cell : read_lines(folder_ / "cells.jsonl"))
    finished_.emplace(text_or(cell, "cell"), text_or(cell, "status"));
  for (const json& cost : read_lines(folder_ / "costs.jsonl"))
    count_cost(cost);
}

campaign campaign::create(const fs::path& results, const std::string& name, const json& manifest,
                          const json& plan) {
  const fs::path folder = results / name;
  try {
    make_folder(results);
    std::error_code error;
    if (!fs::create_directory(folder, error)) {
      if (error) make_folder(folder);  // says why
      throw refusal(folder.string() + " is there already",
                    fmt::format("give another --name, or finish it with --resume {}", name));
    }
    make_folder(folder / "hist");
    write_whole(folder / "plan.json", text_of(plan, 1) + "\n");
    write_whole(folder / "manifest.json", text_of(manifest, 1) + "\n");
    replace_link(results / "latest", name);
    return campaign(folder);
  } catch (const refusal& refused) {
    if (!refused.remedy().empty()) throw;
    throw refusal(refused.cause(), "give a folder that can be written with --results");
  }
}

campaign campaign::open(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_regular_file(folder / "plan.json", error) ||
      !fs::is_regular_file(folder / "manifest.json", error)) {
    throw usage_refusal(folder.string() +
                        " is not a campaign: it lacks plan.json or manifest.json");
  }
  read_document(folder / "manifest.json");  // of another format: before anything is touched
  return campaign(folder);
}

json campaign::manifest() const {
  return read_document(folder_ / "manifest.json");
}

json campaign::plan() const {
  return read_document(folder_ / "plan.json");
}

void campaign::replace_plan(const json& plan) {
  write_whole(folder_ / "plan.json", text_of(plan, 1) + "\n");
}

std::vector<json> campaign::cells() const {
  return read_lines(folder_ / "cells.jsonl");
}

bool campaign::has_cost_of(const json& subject) const {
  return counted_.contains(text_of(subject, -1));
}

std::string campaign::write_histogram(const std::string& cell, const std::string& name,
                                      const std::string& text) {
  const std::string path = fmt::format("hist/{}.{}.hdr", cell, name);
  write_whole(folder_ / path, text + "\n");
  return path;
}

void campaign::append_cells(const std::vector<json>& cells) {
  std::vector<std::string> lines;
  for (const json& cell : cells)
    lines.push_back(text_of(cell, -1));
  cells_.append(lines);
  for (const json& cell : cells)
    finished_.emplace(cell.at("cell"), cell.at("status"));
}

void campaign::append_cost(const json& cost) {
  costs_.append({text_of(cost, -1)});
  count_cost(cost);
}

void campaign::count_cost(const json& cost) {
  counted_.insert(text_of(cost.value("subject", json()), -1));
  if (text_or(cost, "status") == "failed") ++failed_costs_;
}

}  // namespace tailrace::record
