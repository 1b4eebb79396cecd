// SPDX-License-Identifier: MIT
// See arms.hpp.
#include "harness/campaign/arms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/campaign/profile.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// It becomes part of file names, and stands where a form does.
bool is_arm_name(const std::string& name) {
  if (name == "best" || name == "default" || name == twin_form || name == control_form)
    return false;
  return !name.empty() && name.size() <= 32 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::vector<arm> parse_arms(const std::vector<std::string>& texts) {
  std::vector<arm> arms;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (equals == std::string::npos || !is_arm_name(name)) {
      throw usage_refusal(fmt::format(
          "--arm {} is not NAME=FOLDER with a name of small letters, digits and '-', and not best, "
          "default, twin or control",
          text));
    }
    std::error_code error;
    const fs::path folder = text.substr(equals + 1);
    if (!fs::is_directory(folder, error)) {
      throw usage_refusal(fmt::format("--arm {}: there is no folder {}", text, folder.string()));
    }
    if (std::ranges::count(arms, name, &arm::name) > 0) {
      throw usage_refusal(fmt::format("--arm: the name \"{}\" is given twice", name));
    }
    arms.push_back({name, fs::absolute(folder).string()});
  }
  if (arms.size() == 1) {
    throw usage_refusal(
        fmt::format("--arm {} has nothing to be compared with: give two arms or more, or "
                    "--targets FOLDER",
                    texts.front()));
  }
  return arms;
}

json arms_json(const std::vector<arm>& arms) {
  json list = json::array();
  for (const arm& each : arms)
    list.push_back({{"name", each.name}, {"folder", each.folder}});
  return list;
}

std::vector<std::string> arm_options(const json& manifest) {
  std::vector<std::string> options;
  for (const json& each : manifest.value("arms", json::array())) {
    options.push_back(fmt::format("{}={}", each.at("name").get<std::string>(),
                                  each.at("folder").get<std::string>()));
  }
  return options;
}

}  // namespace tailrace::campaign
