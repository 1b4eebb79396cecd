// SPDX-License-Identifier: MIT
// The contestants that this machine has: executables `tailrace-target-<id>` in the folders given
// and beside this program, asked with `describe`. One that is absent, broken or unsupported here is
// an entry with a cause and a remedy, never an error. Main thread only (starts children).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/session/description.hpp"

namespace tailrace::campaign {

// From this order on a target is a test server: measured where a profile names it, and nothing that
// a user would miss.
inline constexpr std::int64_t test_server_order = 900;

struct contestant {
  std::string id;
  std::string path;            // empty: no executable
  std::string digest;          // of the executable, to know another build on resume
  session::description about;  // not available where it does not describe itself

  bool competes() const { return about.order < test_server_order; }
};

// Identifies a build; not cryptographic.
std::string program_digest(const std::string& path);

// The folder of this program, then `extra` (later ones win).
std::vector<std::string> target_folders(const std::string& extra);

// Every executable in the folders, by id.
std::map<std::string, contestant> find_contestants(const std::vector<std::string>& folders);

// The same in the order in which users read them: by order, then by id.
std::vector<contestant> in_order(const std::map<std::string, contestant>& contestants);

// Ids of the peers that can run here and are not among `chosen`.
std::vector<std::string> peers_beside(const std::vector<std::string>& chosen,
                                      const std::map<std::string, contestant>& found);

// Ids of the peers in the folders: of those found, and of those that the build left a note on.
std::vector<std::string> peers_in(const std::vector<std::string>& folders,
                                  const std::map<std::string, contestant>& found);

// The one with this id, or an entry that says why there is none: where the build left a note in
// `tailrace-target-<id>.absent` beside the executables, in its words.
contestant contestant_or_missing(const std::map<std::string, contestant>& found,
                                 const std::string& id, const std::vector<std::string>& folders);

// The server that answers at once, to find the client's ceiling: among the folders, or apart from
// the contestants in servers/ below one of them; else an entry that says that it was not built.
inline constexpr const char* null_id = "null";
contestant null_server(const std::vector<std::string>& folders);

}  // namespace tailrace::campaign
