// SPDX-License-Identifier: MIT
// Of which commit this program was built. The build writes it beside the executables
// (scripts/tree-state), not into them: a commit that changes no code then makes no other program,
// and a campaign that was begun before it can be resumed. Any thread; reads a file each time.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tailrace::campaign {

// {"commit": "<hex>", "dirty": <whether the tree differed from it>}, or {"commit": null,
// "commit_cause": "..."} where `folder`, that of the executables, does not tell.
nlohmann::json built_tree(const std::string& folder);

}  // namespace tailrace::campaign
