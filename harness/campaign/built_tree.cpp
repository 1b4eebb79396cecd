// SPDX-License-Identifier: MIT
// See built_tree.hpp.
#include "harness/campaign/built_tree.hpp"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "harness/record/json_fields.hpp"

namespace tailrace::campaign {

using nlohmann::json;

json built_tree(const std::string& folder) {
  std::ifstream file(folder + "/tree.json", std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const json told = record::parse_untrusted(text);
  const std::string commit = record::text_or(told, "commit");
  const json* const dirty = record::member_of(told, "dirty");
  if (!commit.empty() && dirty != nullptr && dirty->is_boolean())
    return {{"commit", commit}, {"dirty", *dirty}};
  const std::string cause = record::text_or(told, "commit_cause", "no tree.json beside tailrace");
  return {{"commit", nullptr}, {"commit_cause", cause}};
}

}  // namespace tailrace::campaign
