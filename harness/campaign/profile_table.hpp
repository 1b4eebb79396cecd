// SPDX-License-Identifier: MIT
// The TOML table of a profile, after `extends`: a profile that extends another one is that one with
//   every key of its own instead of that key of the other's,
//   the forms of each contestant that it gives forms to instead of the other's,
//   `points`, a list of ids, where only some of the other's points are wanted,
//   each [[point]] with the id of such a point changing that point's keys, any other added.
// What cannot be is a refusal. Any thread.
#pragma once

#include <toml++/toml.h>
#include <vector>

#include "harness/campaign/kind.hpp"
#include "harness/campaign/profile_files.hpp"

namespace tailrace::campaign {

toml::table profile_table(const profile_text& from, kind_list kinds);

// Its [[point]] tables. They are the table's.
std::vector<const toml::table*> point_tables(const toml::table& table);

}  // namespace tailrace::campaign
