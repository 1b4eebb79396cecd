// SPDX-License-Identifier: MIT
// See campaign.hpp.
#include "harness/record/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/record/refusal.hpp"
#include "harness/record/schema.hpp"

namespace tailrace::record {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t document_bytes_max = 64U << 20;
constexpr std::size_t cells_bytes_max = std::size_t{1} << 30;

std::string text_of(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    throw refusal(
        fmt::format("cannot make the folder {}: {}; give a folder that can be written "
                    "with --results",
                    path.string(), error.message()));
  }
}

json read_document(const fs::path& path, const char* definition) {
  json value = json::parse(read_whole(path, document_bytes_max), nullptr, false);
  if (value.is_discarded()) throw refusal(path.string() + " is not JSON");
  require_schema(definition, value, path.string());
  return value;
}

void write_document(const fs::path& path, const char* definition, const json& value) {
  require_schema(definition, value, path.filename().string());
  write_whole(path, text_of(value, 1) + "\n");
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

campaign::campaign(fs::path folder, std::map<std::string, std::string> finished)
    : folder_(std::move(folder)), cells_(folder_ / "cells.jsonl"), finished_(std::move(finished)) {}

campaign campaign::create(const fs::path& results, const std::string& name, const json& manifest,
                          const json& plan) {
  const fs::path folder = results / name;
  make_folder(results);
  std::error_code error;
  if (!fs::create_directory(folder, error)) {
    throw refusal(error ? fmt::format("cannot make the folder {}: {}; give a folder that can be "
                                      "written with --results",
                                      folder.string(), error.message())
                        : fmt::format("{} is there already: give another --name, or finish it with "
                                      "--resume {}",
                                      folder.string(), name));
  }
  make_folder(folder / "hist");
  make_folder(folder / "series");
  write_document(folder / "plan.json", "plan", plan);
  write_document(folder / "manifest.json", "manifest", manifest);
  replace_link(results / "latest", name);
  return campaign(folder, {});
}

campaign campaign::open(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_regular_file(folder / "plan.json", error) ||
      !fs::is_regular_file(folder / "manifest.json", error)) {
    throw usage_refusal(folder.string() +
                        " is not a campaign: it lacks plan.json or manifest.json");
  }
  std::map<std::string, std::string> finished;
  int number = 0;
  const std::string content = fs::exists(folder / "cells.jsonl", error)
                                  ? read_whole(folder / "cells.jsonl", cells_bytes_max)
                                  : std::string();
  for (const std::string& line : whole_lines(content)) {
    const std::string what = fmt::format("{} line {}", (folder / "cells.jsonl").string(), ++number);
    const json cell = json::parse(line, nullptr, false);
    if (cell.is_discarded()) throw refusal(what + " is not JSON: remove the line to run it again");
    require_schema("cell", cell, what);
    finished.emplace(cell.at("cell"), cell.at("status"));
  }
  return campaign(folder, std::move(finished));
}

json campaign::manifest() const {
  return read_document(folder_ / "manifest.json", "manifest");
}
json campaign::plan() const {
  return read_document(folder_ / "plan.json", "plan");
}

std::string campaign::write_histogram(const std::string& cell, const std::string& name,
                                      const std::string& text) {
  const std::string path = fmt::format("hist/{}.{}.hdr", cell, name);
  write_whole(folder_ / path, text + "\n");
  return path;
}

std::string campaign::write_series(const std::string& cell, const std::string& name,
                                   const json& samples) {
  const std::string path = fmt::format("series/{}.{}.jsonl", cell, name);
  std::string lines;
  for (const json& sample : samples)
    lines += text_of(sample, -1) + "\n";
  write_whole(folder_ / path, lines);
  return path;
}

void campaign::append_cell(const json& cell) {
  require_schema("cell", cell, "the cell " + cell.value("cell", "?"));
  cells_.append(text_of(cell, -1));
  finished_.emplace(cell.at("cell"), cell.at("status"));
}

}  // namespace tailrace::record
