// SPDX-License-Identifier: MIT
// Arms of a campaign: folders with other builds of the same executables, to be compared with each
// other (`tailrace run --arm base=DIR --arm head=DIR`). Only what is in an arm's folder is run for
// it, never what is beside this program. Any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace tailrace::campaign {

struct arm {
  std::string name;
  std::string folder;  // absolute
};

// Refuses what is not NAME=FOLDER, a folder that is not there, a name used twice, and a single arm.
std::vector<arm> parse_arms(const std::vector<std::string>& texts);

// As a manifest has them, and back as the options that were given.
nlohmann::json arms_json(const std::vector<arm>& arms);
std::vector<std::string> arm_options(const nlohmann::json& manifest);

}  // namespace tailrace::campaign
